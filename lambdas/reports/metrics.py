"""The tuner's own metrics, in CloudWatch's embedded metric format: they are log lines, so no API call is made.

The dashboard and the alarms read them by these names and dimensions (infra/monitoring/tuner_metrics.py). A metric that
can't be written is logged as an error and changes nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import ParamSpec, Protocol

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit, single_metric

from iu_tuner.contract.batch.output import BatchOutput
from iu_tuner.contract.model_arn import ModelArn
from iu_tuner.contract.names import METRICS_NAMESPACE
from iu_tuner.contract.output.result import Output
from iu_tuner.contract.uploads.serve_output import ServeOutput
from lambdas.aws.logging import logger
from lambdas.runs.failed_run import FailedRun

P = ParamSpec("P")


class SentImages(Protocol):
    """The requests for a batch of uploads. `paced_s` are the seconds in which they waited for a slot of the pace."""

    requests: int
    throttled: int
    paced_s: float


def _harmless(write: Callable[P, None]) -> Callable[P, None]:
    @wraps(write)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            write(*args, **kwargs)
        except Exception:  # noqa: BLE001 - a metric must not fail a run
            logger.exception("metrics could not be written")

    return guarded


@_harmless
def count_unstopped(error: str) -> None:
    """Count a model whose cleanup could not be confirmed. Triggers the alarm StopFailed."""
    if error == "ModelStopFailed":
        _count(error)


@_harmless
def count_overdue(leases: int) -> None:
    """Count the leases that are older than their run's limit. Triggers the alarm LeaseOverdue."""
    if leases:
        _count("OverdueLeases", leases)


@_harmless
def count_failed_notifications() -> None:
    """Count an event or a message that could not be sent."""
    _count("NotificationsFailed")


@_harmless
def count_failed_reports() -> None:
    """Count a run whose page could not be written."""
    _count("ReportNotMade")


@_harmless
def count_verdict(model_arn: str, verdict: str) -> None:
    """Count a run by its verdict."""
    _emit({**_model(model_arn), "verdict": verdict}, [("Verdict", MetricUnit.Count, 1)])


@_harmless
def write_measurement(output: Output, duration_s: float) -> None:
    """Write the results and the costs of a finished run; a value that is not known is left out."""
    advice = output.recommendation
    _emit(
        _model(output.model_arn),
        [
            ("MaxTps", MetricUnit.CountPerSecond, output.max_tps.estimate),
            ("TpsPerInferenceUnit", MetricUnit.CountPerSecond, output.tps_per_inference_unit),
            ("RecommendedMinInferenceUnits", MetricUnit.Count, advice.min_inference_units),
            ("RecommendedMaxInferenceUnits", MetricUnit.Count, advice.max_inference_units),
            ("RunCostUsd", MetricUnit.NoUnit, output.cost.run_usd),
            ("RunDurationSeconds", MetricUnit.Seconds, duration_s),
            ("ChangePercent", MetricUnit.Percent, _change(output)),
        ],
    )
    if output.regression is not None:  # one series for all models, as the alarm Regression can't know their names
        _count("Regression", int(output.regression))
    count_verdict(output.model_arn, output.verdict)


@_harmless
def write_batch(output: BatchOutput, duration_s: float) -> None:
    """Write the counts and the costs of a batch; a value that is not known is left out."""
    images, throughput = output.images, output.throughput
    _emit(
        _model(output.model_arn),
        [
            ("ImagesDone", MetricUnit.Count, images.done),
            ("ImagesFailed", MetricUnit.Count, images.failed),
            ("ImagesLeft", MetricUnit.Count, images.left),
            ("BatchTps", MetricUnit.CountPerSecond, throughput.tps),
            ("BatchOfMeasured", MetricUnit.NoUnit, throughput.of_measured),
            ("RunCostUsd", MetricUnit.NoUnit, output.cost.run_usd if output.cost else None),
            ("RunDurationSeconds", MetricUnit.Seconds, duration_s),
        ],
    )
    count_verdict(output.model_arn, output.verdict)


@_harmless
def write_serve_run(output: ServeOutput, duration_s: float) -> None:
    """Write the cost of a model that ran for uploads; their counts are written batch by batch."""
    usd = output.cost.run_usd if output.cost else None
    values = [("RunCostUsd", MetricUnit.NoUnit, usd), ("RunDurationSeconds", MetricUnit.Seconds, duration_s)]
    _emit(_model(output.model_arn), values)
    count_verdict(output.model_arn, output.verdict)


@_harmless
def write_failed_run(run: FailedRun) -> None:
    """Count a failed run by its error, and write the cost of its model."""
    _emit({"error": run.error}, [("FailedRuns", MetricUnit.Count, 1)])
    if run.model_arn is not None and run.receipt is not None:
        _emit(_model(run.model_arn), [("RunCostUsd", MetricUnit.NoUnit, run.receipt.usd)])


@_harmless
def count_uploads(queue: str, sent: SentImages, *, done: int, failed: int, oldest_s: float) -> None:
    """Count what became of a batch of uploads, the oldest of which is `oldest_s` seconds old."""
    _emit(
        {"queue": queue},
        [
            ("ImagesDone", MetricUnit.Count, done),
            ("ImagesFailed", MetricUnit.Count, failed),
            ("ImageRequests", MetricUnit.Count, sent.requests),
            ("ImagesThrottled", MetricUnit.Count, sent.throttled),
            ("PacedSeconds", MetricUnit.Seconds, sent.paced_s),
            ("UploadAgeSeconds", MetricUnit.Seconds, oldest_s),
        ],
    )


@_harmless
def write_gate(
    queue: str, *, is_open: bool, is_idle: bool, rate: float | None, expected: float | None, units: int | None
) -> None:
    """Write the state of a queue's gate and model. An idle model runs although nothing waits for it."""
    _emit(
        {"queue": queue},
        [
            ("GateOpen", MetricUnit.Count, int(is_open)),
            ("ModelIdle", MetricUnit.Count, int(is_idle)),
            ("PaceTps", MetricUnit.CountPerSecond, rate),
            ("MeasuredTps", MetricUnit.CountPerSecond, expected),
            ("ServedInferenceUnits", MetricUnit.Count, units),
        ],
    )


def _change(output: Output) -> float | None:
    """The change in TPS per inference unit since the model's last run, in percent. Returns None if there is none."""
    earlier_run = output.compared_with and output.compared_with.same_model
    return earlier_run.change_percent if earlier_run and earlier_run.change else None


def _model(model_arn: str) -> dict[str, str]:
    model = ModelArn.find(model_arn)
    return {"project": model.project, "version": model.version} if model else {}


def _count(name: str, value: float = 1) -> None:
    with single_metric(name=name, unit=MetricUnit.Count, value=value, namespace=METRICS_NAMESPACE):
        pass


def _emit(dimensions: Mapping[str, str], values: list[tuple[str, MetricUnit, float | None]]) -> None:
    """Write the metrics as one log line; Powertools adds the dimension `service`."""
    metrics = EphemeralMetrics(namespace=METRICS_NAMESPACE)
    for dimension, dimension_value in dimensions.items():
        metrics.add_dimension(name=dimension, value=dimension_value)
    for name, unit, value in values:
        if value is not None:
            metrics.add_metric(name=name, unit=unit, value=value)
    metrics.flush_metrics()
