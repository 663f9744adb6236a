"""CloudWatch's counts of DetectCustomLabels requests.

AWS documents the request metrics only with the dimension `Operation`, for the whole account and Region.
"""

from __future__ import annotations

from typing import Any

from lambdas.models.ports import Usage
from lambdas.models.rekognition.facts import FACTS
from lambdas.models.wire.metric_usage import MetricUsage, cloudwatch_client


def usage_of(model_arn: str) -> Usage:
    """CloudWatch's counts of requests to a model version."""
    return CustomLabelsUsage(cloudwatch_client(), model_arn)


class CustomLabelsUsage(MetricUsage):
    """The requests to one model version, as far as CloudWatch counts them separately."""

    def __init__(self, client: Any, model_arn: str) -> None:
        super().__init__(FACTS, client, model_arn)
