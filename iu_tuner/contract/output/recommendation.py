"""`recommendation` of the output: inference units, their cost, and the parts about the demand. Money in USD."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

SizedBy = Literal["maxTps", "cleanTps"]


@dataclass(frozen=True)
class UnitsOutput:
    """The capacity (requests/s) and the cost of a number of inference units at full use.

    `utilization_at_peak` is the demand's peak without headroom divided by `tps`, None without a demand; 1.0 is full
    use. `tps_with_one_zone_lost` assumes that the units are spread evenly over two Availability Zones.
    """

    inference_units: int
    tps: float
    usd_per_hour: float
    usd_per_1000_images: float
    utilization_at_peak: float | None
    tps_with_one_zone_lost: float | None


@dataclass(frozen=True)
class BatchOutput:
    """How to run the batch of the demand."""

    inference_units: int
    hours: float
    inference_unit_hours: float
    usd: float


@dataclass(frozen=True)
class BusyHour:
    """An hour of the week, over all weeks of the history; `day` is `MON` to `SUN`."""

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
    """Rates of the week's 168 hours from Monday 00:00 UTC; a rate is None if the model never served in that hour."""

    average_tps: tuple[float | None, ...]
    peak_tps: tuple[float | None, ...]


@dataclass(frozen=True)
class PastDemandOutput:
    """The demand in CloudWatch's data. Without requests, dates and rates are None."""

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
    """The shares of the past demand that the recommended maximum carries if it is always in service."""

    inference_units: int
    minutes_share: float
    requests_share: float


@dataclass(frozen=True)
class ScalingAssumptions:
    """The assumed delays of auto-scaling."""

    scale_up_minutes: float
    scale_down_minutes: float
    note: str


@dataclass(frozen=True)
class ServiceOutput:
    """The simulation of the past requests with a fixed number of inference units."""

    throttled_share: float
    mean_inference_units: float
    usd_per_month: float


@dataclass(frozen=True)
class AutoScalingOutput:
    """The simulation of the past requests with a model that always runs: with auto-scaling, and with fixed units."""

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
    """A period in which the model is on: from `from` until the time of the week `to`, or for `hours` hours."""

    from_: str
    to: str | None = None
    hours: float | None = None
    min_inference_units: int
    max_inference_units: int


@dataclass(frozen=True)
class PlanAssumptions:
    """The assumptions of the weekly schedule."""

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
    """When to start and stop the model. If `hours` is empty, nothing is scheduled, and `sentence` says why."""

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


@dataclass(frozen=True, kw_only=True)
class RecommendationOutput:
    """Minimum and maximum inference units; both are None if no number follows, and `reasons` say why.

    `sized_by` names the rate per unit behind the numbers and the table. The utilizations are those of the minimum at
    the average and of the maximum at the peak of the demand, without its headroom; 1.0 is full use. `usd_per_month` is
    the price of the minimum for 730 hours. Clients of a model that queues, instead of throttling, do well to have at
    most `concurrency_per_inference_unit` requests in flight for each unit in service.
    """

    min_inference_units: int | None
    max_inference_units: int | None
    sized_by: SizedBy | None
    utilization_at_average: float | None
    utilization_at_peak: float | None
    usd_per_month: float | None
    reasons: tuple[str, ...]
    table: tuple[UnitsOutput, ...]
    concurrency_per_inference_unit: int | None = None
    batch: BatchOutput | None = None
    demand: PastDemandOutput | None = None
    carried: CarriedOutput | None = None
    auto_scaling: AutoScalingOutput | None = None
    plan: PlanOutput | None = None

    @property
    def units(self) -> tuple[int, int] | None:
        """The minimum and the maximum. Returns None if there are none."""
        if self.min_inference_units is None or self.max_inference_units is None:
            return None
        return self.min_inference_units, self.max_inference_units
