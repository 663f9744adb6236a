"""The execution's output: `Output` for a run with an answer, only `Findings` for a skipped run.

Their JSON is the public interface; docs/output.schema.json is generated from these types.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from iu_tuner.contract.output.json_values import PRESENT_WITH
from iu_tuner.contract.output.measured import (
    CleanTpsOutput,
    ImageComparisonOutput,
    IntervalOutput,
    LatencyOutput,
    OtherTraffic,
    Rate,
    RequestsOutput,
    ScalingOutput,
    StepOutput,
)
from iu_tuner.contract.output.recommendation import RecommendationOutput

MeasuredVerdict = Literal[
    "ok",
    "throttles-below-max",
    "latency-bound",
    "not-saturated",
    "windowed-quota",
    "account-throttled",
    "client-limited",
    "unstable",
]
VerdictWord = Literal[MeasuredVerdict, "skipped"]
DELETED = "DELETED"  # a model version that no longer exists; not a status of the service
BILLED_STATUSES = frozenset({"STARTING", "RUNNING", "STOPPING"})
RateChange = Literal["dropped", "risen", "within"]


@dataclass(frozen=True)
class LeaseHolder:
    """The run that holds the model's lease, `since` a time (ISO 8601, UTC)."""

    run_id: str
    execution_arn: str
    since: str


@dataclass(frozen=True)
class CostOutput:
    """The cost of the model in this run in USD, and the cost expected before its start."""

    run_usd: float
    inference_unit_hours: float
    price_per_inference_unit_hour_usd: float
    expected_usd: float | None


@dataclass(frozen=True)
class ModelOutput:
    """How the model was found and left. Inference units and USD per hour have values if it was left running.

    `service_status_after` is the service's own word for `status_after`, if it is another one.
    """

    status_before: str | None
    status_after: str
    started_at: str | None
    stopped_at: str | None
    inference_unit_hours: float | None
    usd: float | None
    min_inference_units: int | None = None
    max_inference_units: int | None = field(default=None, metadata={PRESENT_WITH: "min_inference_units"})
    usd_per_hour: float | None = None
    usd_per_hour_at_most: float | None = None
    settled_by: str | None = None
    service_status_after: str | None = None

    @property
    def costs_money(self) -> bool:
        """Whether the model was left with a status that is billed."""
        return self.status_after in BILLED_STATUSES


@dataclass(frozen=True)
class SkippedOutput:
    """An object that was not sent, and the reason."""

    key: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ImagesOutput:
    """The images of the run; `skipped` lists the first of the `skipped_total` skipped objects."""

    prefix: str | None = None
    listing_cut: bool | None = None
    found: int
    used: int
    skipped_total: int
    skipped: tuple[SkippedOutput, ...]


@dataclass(frozen=True)
class EarlierRun:
    """An earlier run; rates in TPS per inference unit. `change` is None if the two runs can't be compared."""

    run_id: str
    started_at: str
    verdict: str
    tps_per_inference_unit: float | None
    low: float | None
    high: float | None
    change_percent: float | None
    change: RateChange | None
    model_arn: str | None = None


@dataclass(frozen=True)
class ComparedWith:
    """The last run of this model, and the last one of the version before."""

    same_model: EarlierRun | None
    version_before: EarlierRun | None


@dataclass(frozen=True, kw_only=True)
class Findings:
    """The findings of the steps. A skipped run has only these, without numbers, and `held_by`.

    `summary` is the answer in sentences. `start_command` is the AWS CLI command that starts the model with the
    recommended units, None if none are recommended or if the model was left running with them.
    """

    run_id: str
    model_arn: str
    summary: str
    start_command: str | None
    verdict: VerdictWord
    verdict_detail: str
    limited_by: str | None = None
    max_tps: IntervalOutput
    observed_seconds: float | None
    clean_tps: CleanTpsOutput
    inference_units: int | None
    tps_per_inference_unit: float | None
    latency_ms: LatencyOutput
    recommendation: RecommendationOutput
    steps: tuple[StepOutput, ...]
    requests: RequestsOutput
    scaling: ScalingOutput | None = None
    other_traffic: OtherTraffic | None = None
    account_quota_tps: float | None = None
    warnings: tuple[str, ...] | None = None
    image_comparison: ImageComparisonOutput | None = None
    held_by: LeaseHolder | None = None

    @property
    def per_unit(self) -> Rate | None:
        """Max TPS per inference unit of the test. Returns None if there is no estimate."""
        units, rate, estimate = self.inference_units or 1, self.max_tps.rate, self.tps_per_inference_unit
        if rate is None or estimate is None:
            return None
        return Rate(estimate, rate.low / units, None if rate.high is None else rate.high / units)


@dataclass(frozen=True, kw_only=True)
class Output(Findings):
    """The output of a run with an answer. `applied` is None if the input does not ask to apply it."""

    cost: CostOutput
    model: ModelOutput
    applied: bool | None = None
    applied_detail: str | None = None
    images: ImagesOutput
    result_uri: str
    report_uri: str | None = field(default=None, metadata={PRESENT_WITH: "report_detail"})
    compared_with: ComparedWith | None = None
    regression: bool | None = None
    regression_detail: str | None = None
    answer_parameter: str | None = field(default=None, metadata={PRESENT_WITH: "answer_parameter_detail"})
    answer_parameter_detail: str | None = None
    report_detail: str | None = None


@dataclass(frozen=True)
class FailedOutput:
    """The detail of the event about a run without an answer."""

    run_id: str
    model_arn: str | None
    error: str
    cause: str
    model: ModelOutput | None
