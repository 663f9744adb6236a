"""CloudWatch's counts of DetectAnomalies requests, which it has for each model."""

from __future__ import annotations

from lambdas.models.lookout_vision.facts import FACTS
from lambdas.models.ports import Usage
from lambdas.models.wire.metric_usage import MetricUsage, cloudwatch_client


def usage_of(model_arn: str) -> Usage:
    """CloudWatch's counts of requests to a model."""
    return MetricUsage(FACTS, cloudwatch_client(), model_arn)
