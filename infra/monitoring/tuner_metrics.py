"""The metrics that the Lambdas write, with the names and dimensions of lambdas/reports/metrics.py."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

from iu_tuner.contract.names import METRICS_NAMESPACE, SERVICE_NAME

OF_MODEL = ("project", "version")


def count_of(name: str, *, period: cdk.Duration, statistic: str = "Sum") -> cloudwatch.Metric:
    """A count without a model as its dimension."""
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=name,
        dimensions_map={"service": SERVICE_NAME},
        statistic=statistic,
        period=period,
    )


def search(
    name: str,
    statistic: str,
    *,
    dimensions: tuple[str, ...],
    label: str,
    period: cdk.Duration,
    namespace: str = METRICS_NAMESPACE,
    fixed: Mapping[str, str] | None = None,
) -> cloudwatch.MathExpression:
    """A search for all series of this metric, since the models are not known when the stack is deployed.

    `fixed` are dimensions with a given value; `label` may contain `${PROP('Dim.…')}` and `${LAST}`.
    """
    schema = ",".join([namespace, *(fixed or {}), *dimensions])
    terms = [f'MetricName="{name}"', *(f'{key}="{value}"' for key, value in (fixed or {}).items())]
    return cloudwatch.MathExpression(
        expression=f"SEARCH('{{{schema}}} {' '.join(terms)}', '{statistic}', {period.to_seconds():.0f})",
        using_metrics={},
        label=label,
        period=period,
    )


def of_models(name: str, statistic: str, *, period: cdk.Duration, what: str = "") -> cloudwatch.MathExpression:
    """A metric of all measured models, with one line per version."""
    label = f"${{PROP('Dim.project')}} ${{PROP('Dim.version')}}{what and f' {what}'}: ${{LAST}}"
    fixed = {"service": SERVICE_NAME}
    return search(name, statistic, dimensions=OF_MODEL, label=label, period=period, fixed=fixed)
