"""`recommendation` of the output: inference units, their cost, and what the demand adds. Money in USD."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class UnitsOutput:
    """What this many inference units carry (requests/s) and cost, at full use."""

    inference_units: int
    tps: float
    usd_per_hour: float
    usd_per_1000_images: float


@dataclass(frozen=True)
class BatchOutput:
    """How the batch of the demand is run."""

    inference_units: int
    hours: float
    inference_unit_hours: float
    usd: float


@dataclass(frozen=True)
class BusyHour:
    """An hour of the week, all weeks of the history together; `day` is `MON` to `SUN`."""

    day: str
    hour_utc: int
    requests: int
    average_tps: float
    peak_tps: float


@dataclass(frozen=True)
class Distribution:
    """Percentiles of the rates of all periods, in requests/s."""

    p50: float
    p90: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True)
class HourOfWeek:
    """Rates of the week's 168 hours from Monday, midnight UTC; None: the model never served in that hour."""

    average_tps: tuple[float | None, ...]
    peak_tps: tuple[float | None, ...]


@dataclass(frozen=True)
class PastDemandOutput:
    """The demand that CloudWatch knows. Without requests there are no dates and no rates."""

    source: str
    days: int
    from_: str | None
    to: str | None
    period_seconds: int
    minutes: int
    requests: int
    throttled_share: float | None
    average_tps: float | None
    peak_tps: float | None
    percentile: float
    headroom: float
    distribution: Distribution
    busiest_hours: tuple[BusyHour, ...]
    hour_of_week: HourOfWeek
    of_this_model: bool
    in_service_known: bool
    own_runs_excluded: int


@dataclass(frozen=True)
class CarriedOutput:
    """The past requests against the recommended maximum, all the time in service."""

    inference_units: int
    minutes_share: float
    requests_share: float


@dataclass(frozen=True)
class ScalingAssumptions:
    """How long auto-scaling is assumed to take."""

    scale_up_minutes: float
    scale_down_minutes: float
    note: str


@dataclass(frozen=True)
class ServiceOutput:
    """What inference units would have made of the past requests."""

    throttled_share: float
    mean_inference_units: float
    usd_per_month: float


@dataclass(frozen=True)
class AutoScalingOutput:
    """The past with a model that runs all the time: scaling by itself, and with a fixed number of units."""

    assumptions: ScalingAssumptions
    min_inference_units: int
    max_inference_units: int
    throttled_share: float
    mean_inference_units: float
    usd_per_month: float
    always_min: ServiceOutput
    always_max: ServiceOutput


@dataclass(frozen=True, kw_only=True)
class HoursOn:
    """Hours in a row in which the model is on, `to` a time of the week or for so many `hours`."""

    from_: str
    to: str | None = None
    hours: float | None = None
    min_inference_units: int
    max_inference_units: int


@dataclass(frozen=True)
class PlanAssumptions:
    """What the weekly schedule takes for granted."""

    start_up_minutes: float
    start_up_is_paid: bool
    timezone: str
    requests_outside_at_most: float | None = None
    images_from: str | None = None
    every: str | None = None
    margin_share: float | None = None


@dataclass(frozen=True, kw_only=True)
class ScheduleEntry:
    """An entry for EventBridge Scheduler (with a `target`), or for the context key `schedules`."""

    expression: str
    timezone: str
    target: str | None = None
    input: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class PlanOutput:
    """When to start and stop the model; without `hours` there is nothing to schedule, and `sentence` says why."""

    sentence: str
    hours: tuple[HoursOn, ...]
    hours_on_per_week: float | None = None
    usd_per_batch: float | None = None
    usd_per_month: float | None = None
    always_on_usd_per_month: float | None = None
    saved_usd_per_month: float | None = None
    requests_outside: int | None = None
    assumptions: PlanAssumptions | None = None
    scheduler: tuple[ScheduleEntry, ...]
    measure_again: ScheduleEntry | None


@dataclass(frozen=True)
class RecommendationOutput:
    """Inference units to start with and to scale to; None: no number follows, and `reasons` say why."""

    min_inference_units: int | None
    max_inference_units: int | None
    reasons: tuple[str, ...]
    table: tuple[UnitsOutput, ...]
    batch: BatchOutput | None = None
    demand: PastDemandOutput | None = None
    carried: CarriedOutput | None = None
    auto_scaling: AutoScalingOutput | None = None
    plan: PlanOutput | None = None

    @property
    def units(self) -> tuple[int, int] | None:
        """Minimum and maximum, if a number follows."""
        if self.min_inference_units is None or self.max_inference_units is None:
            return None
        return self.min_inference_units, self.max_inference_units
