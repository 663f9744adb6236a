"""The widgets of the dashboard, row by row."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn

from infra.monitoring.tuner_metrics import count_of, of_models, search
from iu_tuner.contract.names import SERVICE_NAME

WIDTH = 24
HEIGHT = 6
_HOUR = cdk.Duration.hours(1)
_MINUTES = cdk.Duration.minutes(5)
# The dimensions of a model in Rekognition's metrics.
_MODEL = ("ProjectName", "VersionName")
_DETECT = {"Operation": "DetectCustomLabels"}


def answers() -> list[cloudwatch.IWidget]:
    return [
        _graph(
            "TPS per inference unit", [of_models("TpsPerInferenceUnit", "Average", period=_HOUR)], unit="requests/s"
        ),
        _graph("Max TPS as tested", [of_models("MaxTps", "Average", period=_HOUR)], unit="requests/s"),
        _graph(
            "Recommended inference units",
            [
                of_models("RecommendedMinInferenceUnits", "Average", period=_HOUR, what="min"),
                of_models("RecommendedMaxInferenceUnits", "Average", period=_HOUR, what="max"),
            ],
            unit="inference units",
        ),
    ]


def changes() -> list[cloudwatch.IWidget]:
    """The widgets that compare runs with earlier ones."""
    change = of_models("ChangePercent", "Average", period=_HOUR)
    return [
        _graph("Change of TPS per inference unit since the run before", [change], unit="%", min_value=None),
        _graph("Runs that were slower than before", [count_of("Regression", period=_HOUR)], unit="runs"),
    ]


def runs() -> list[cloudwatch.IWidget]:
    verdicts = search(
        "Verdict",
        "Sum",
        dimensions=("project", "version", "verdict"),
        fixed={"service": SERVICE_NAME},
        label="${PROP('Dim.verdict')} - ${PROP('Dim.project')} ${PROP('Dim.version')}",
        period=_HOUR,
    )
    errors = search(
        "FailedRuns",
        "Sum",
        dimensions=("error",),
        fixed={"service": SERVICE_NAME},
        label="${PROP('Dim.error')}",
        period=_HOUR,
    )
    return [
        _graph("Verdicts, and errors of failed runs", [verdicts, errors], unit="runs", stacked=True),
        _graph("Cost of runs", [of_models("RunCostUsd", "Sum", period=_HOUR)], unit="USD"),
        _graph("Duration of runs", [of_models("RunDurationSeconds", "Maximum", period=_HOUR)], unit="s"),
    ]


def models() -> list[cloudwatch.IWidget]:
    """The widgets with Rekognition's own metrics."""
    requests = [
        cloudwatch.Metric(
            namespace="AWS/Rekognition",
            metric_name=name,
            dimensions_map=_DETECT,
            statistic="Sum",
            label=label,
            period=_MINUTES,
        )
        for name, label in (("SuccessfulRequestCount", "answered"), ("ThrottledCount", "throttled"))
    ]
    model = "${PROP('Dim.ProjectName')} ${PROP('Dim.VersionName')}"
    of_units = {
        what: search(
            f"{what}InferenceUnits",
            "Average",
            namespace="AWS/Rekognition",
            dimensions=_MODEL,
            label=f"{model} {what}",
            period=_MINUTES,
        )
        for what in ("InService", "Desired", "Min", "Max")
    }
    return [
        _graph("Requests of all models (DetectCustomLabels)", requests, unit="requests in 5 minutes"),
        _graph("Inference units in service", [of_units["InService"]], unit="inference units"),
        _graph(
            "Inference units: desired, min, max",
            [of_units["Desired"], of_units["Min"], of_units["Max"]],
            unit="inference units",
        ),
    ]


def health(machine: sfn.StateMachine, dead_letter_queues: Sequence[sqs.IQueue]) -> list[cloudwatch.IWidget]:
    return [
        _graph(
            "Executions of the state machine",
            [
                machine.metric_started(period=_HOUR, label="started"),
                machine.metric_succeeded(period=_HOUR, label="succeeded"),
                machine.metric_failed(period=_HOUR, label="failed"),
                machine.metric_timed_out(period=_HOUR, label="timed out"),
                machine.metric_aborted(period=_HOUR, label="aborted"),
            ],
            unit="executions",
        ),
        _graph("How long they take", [machine.metric_time(period=_HOUR, label="execution")], unit="ms"),
        _graph(
            "Left undone",
            [
                *(
                    queue.metric_approximate_number_of_messages_visible(
                        period=_HOUR, statistic="Maximum", label=queue.node.id
                    )
                    for queue in dead_letter_queues
                ),
                count_of("ModelStopFailed", period=_HOUR),
                count_of("OverdueLeases", period=_HOUR, statistic="Maximum"),
                count_of("NotificationsFailed", period=_HOUR),
                count_of("ReportNotMade", period=_HOUR),
            ],
            unit="messages, models, leases",
        ),
    ]


def _graph(
    title: str, metrics: Sequence[cloudwatch.IMetric], *, unit: str, stacked: bool = False, min_value: int | None = 0
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=[*metrics],
        left_y_axis=cloudwatch.YAxisProps(min=min_value, label=unit, show_units=False),
        stacked=stacked,
        width=WIDTH // 3,
        height=HEIGHT,
    )
