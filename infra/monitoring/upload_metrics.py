"""The metrics of one upload pipeline, with the names of lambdas/reports/metrics.py: its dashboard row and alarms."""

import math
from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs

from infra.monitoring.alarms import Observability
from infra.monitoring.widgets import HEIGHT, WIDTH
from iu_tuner.contract.names import METRICS_NAMESPACE, SERVICE_NAME
from iu_tuner.contract.uploads.entry import InferenceEntry

_MINUTE = cdk.Duration.minutes(1)
_LATE_S, _LATE_PERIODS = 3600, 60  # the age of an upload that is analysed, for so many minutes
_MAX_PERIODS = 1440  # CloudWatch looks back a day at most


class UploadMetrics:
    """The metrics of a queue of uploads. A model's units cost `usd_per_unit_hour` each."""

    def __init__(self, entry: InferenceEntry, queue: sqs.Queue, usd_per_unit_hour: float) -> None:
        self._entry, self._queue, self._usd_per_unit_hour = entry, queue, usd_per_unit_hour
        self._oldest = queue.metric_approximate_age_of_oldest_message(
            period=_MINUTE, statistic="Maximum", label="oldest message"
        )

    def add_alarms(self, observability: Observability) -> None:
        """Add the alarms about late uploads and about a model that runs for nothing."""
        prefix, name = self._entry.prefix, self._queue.node.id
        observability.alarm(
            f"Late-{name}",
            self._of("UploadAgeSeconds", "Maximum"),
            f"Uploads under {prefix} wait for more than an hour, and their model has run for an hour. Compare its rate "
            "with that of the uploads in the dashboard: the model needs more inference units, or its requests fail.",
            threshold=_LATE_S,
            # Uploads that waited for their model are late at first.
            periods=_LATE_PERIODS,
        )
        observability.alarm(
            f"Idle-{name}",
            self._of("ModelIdle", "Minimum"),
            f"The model for uploads under {prefix} runs and costs money, and no upload has waited for more than twice "
            "idleStopMinutes. Stop it in the Rekognition console until the next uploads; they wait meanwhile.",
            periods=min(_MAX_PERIODS, max(1, math.ceil(2 * self._entry.idle_stop_minutes))),
        )

    def widgets(self) -> list[cloudwatch.IWidget]:
        """The row of the dashboard."""
        prefix = self._entry.prefix
        images = [
            self._of(name, "Sum", label)
            for name, label in (("ImagesDone", "done"), ("ImagesFailed", "failed"), ("ImagesThrottled", "throttled"))
        ]
        rates = [self._of("PaceTps", "Average", "rate"), self._of("MeasuredTps", "Average", "measured")]
        usd = cloudwatch.MathExpression(
            expression=f"IF(done > 0, 1000 * units * {self._usd_per_unit_hour:g} / 60 / done)",
            using_metrics={"units": self._of("ServedInferenceUnits", "Average"), "done": self._of("ImagesDone", "Sum")},
            label="USD per 1,000 images",
            period=_MINUTE,
        )
        return [
            _graph(f"Uploads under {prefix}: images per minute", images, "images"),
            _graph("Oldest upload that waits", [self._oldest], "seconds"),
            _graph(
                "Rate of requests, and inference units",
                [*rates, self._of("ServedInferenceUnits", "Average", "inference units")],
                "requests/s, units",
            ),
            _graph("Cost of the model", [usd], "USD per 1,000 images"),
        ]

    def _of(self, name: str, statistic: str, label: str | None = None) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=METRICS_NAMESPACE,
            metric_name=name,
            dimensions_map={"queue": self._queue.queue_name, "service": SERVICE_NAME},
            statistic=statistic,
            label=label,
            period=_MINUTE,
        )


def _graph(title: str, metrics: Sequence[cloudwatch.IMetric], unit: str) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=[*metrics],
        left_y_axis=cloudwatch.YAxisProps(min=0, label=unit, show_units=False),
        width=WIDTH // 4,
        height=HEIGHT,
    )
