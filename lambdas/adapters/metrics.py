"""Metrics of our own: those that AWS can't know. In the log's embedded metric format, so no call is made."""

from __future__ import annotations

from aws_lambda_powertools.metrics import MetricUnit, single_metric

NAMESPACE = "InferenceUnitTuner"


def count_unstopped(error: str) -> None:
    """Count a model that was not seen as its run owed it, stopped in most cases: the alarm StopFailed waits for it."""
    if error == "ModelStopFailed":
        with single_metric(name=error, unit=MetricUnit.Count, value=1, namespace=NAMESPACE):
            pass
