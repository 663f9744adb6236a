"""Computes how many inference units a demand needs at a measured rate per unit, and what they cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

from iu_tuner.formats import count, percent
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.verdicts.account_quota import ACCOUNT_QUOTA_TPS
from lambdas.models.tariff import QUOTA_IUS
from lambdas.planning.auto_scaling import HOURS_PER_MONTH
from lambdas.planning.demand import BatchDemand, Demand, TrafficDemand
from lambdas.planning.sizing import ReducedRate, per_unit_of, units_for

MIN_PRODUCTION_IUS = 2
ASSUMED_ZONES = 2  # Availability Zones over which units are assumed to be spread; AWS does not say over how many
MAX_TABLE_ROWS = 100

POISSON_TPS, POISSON_THROTTLE_SHARE, THROTTLE_FREE_TPS = 15, 0.033, 20
"""Requests/s that come at random (Poisson), the share of them that a model of just this rate throttles, and the rate of
a model that throttles none. Source: `python -m bench.constants`, in virtual time: a token bucket with 1 s of credit."""


@dataclass(frozen=True)
class Capacity:
    """What a model with this many inference units carries and costs; proportional unless measured otherwise."""

    inference_units: int
    tps: float
    usd_per_hour: float
    peak_tps: float | None
    """requests/s of the demand at its peak, without headroom"""
    tps_with_one_zone_lost: float

    @property
    def utilization_at_peak(self) -> float | None:
        """The share of the capacity that the peak takes. Returns None without a demand."""
        return None if self.peak_tps is None else self.peak_tps / self.tps

    @property
    def usd_per_1000_images(self) -> float:
        """USD per 1,000 images of a fully used model."""
        return self.usd_per_hour / (self.tps * 3600) * 1000


@dataclass(frozen=True)
class BatchPlan:
    """How to run a batch: inference units, hours until it is done, and the cost in USD."""

    inference_units: int
    hours: float
    usd: float

    @property
    def inference_unit_hours(self) -> float:
        """The billed inference-unit hours."""
        return self.inference_units * self.hours


@dataclass(frozen=True)
class Recommendation:
    """Minimum and maximum inference units (None without a demand), and the reasons for them."""

    min_inference_units: int | None
    max_inference_units: int | None
    reasons: tuple[str, ...]
    table: tuple[Capacity, ...]
    batch: BatchPlan | None = None
    utilization_at_average: float | None = None
    """of the minimum at the average of the demand, without headroom; 1.0 is full use"""
    utilization_at_peak: float | None = None
    """of the maximum at the peak"""
    usd_per_month: float | None = None
    """of the minimum"""


def recommend(
    per_unit: Interval,
    demand: Demand | None,
    usd_per_unit_hour: float,
    with_more_units: ReducedRate | None = None,
    quota_tps: float = ACCOUNT_QUOTA_TPS,
) -> Recommendation:
    """Recommend inference units for a demand. `per_unit` is the measured TPS per inference unit, above 0.

    `quota_tps` is the account's quota in requests per second; `with_more_units` is the rate of larger models.
    """
    if isinstance(demand, BatchDemand):
        units = units_for(demand.tps, per_unit, with_more_units)
        average_tps = peak_tps = demand.tps
        unit_rate = per_unit_of(units, per_unit, with_more_units)
        hours = demand.images / (units * unit_rate.estimate * 3600)
        rate = f"{demand.images:,} images within {demand.within_hours:g} h are {demand.tps:.2f} TPS"
        reasons = [f"{rate}; {count(units, 'inference unit')} {'needs' if units == 1 else 'need'} {hours:.2f} h"]
        min_units = max_units = units
        batch = BatchPlan(units, hours, units * hours * usd_per_unit_hour)
        reasons += _cautions(demand.tps, units, unit_rate, quota_tps)
    elif demand is not None:
        average_tps, peak_tps = demand.average_tps, demand.peak_tps
        average_need = demand.average_tps * (1 + demand.headroom)
        peak_need = demand.peak_tps * (1 + demand.headroom)
        min_units = units_for(average_need, per_unit, with_more_units)
        max_units = units_for(peak_need, per_unit, with_more_units)
        min_units_rate = per_unit_of(min_units, per_unit, with_more_units)
        unit_rate = per_unit_of(max_units, per_unit, with_more_units)
        batch = None
        reasons = [
            _sizing_sentence("Minimum", "average", average_need, min_units, min_units_rate),
            _sizing_sentence("Maximum", "peak", peak_need, max_units, unit_rate),
        ]
        reasons += _cautions(peak_need, max_units, unit_rate, quota_tps) + _practice_advice(demand, min_units)
    else:
        return Recommendation(
            None,
            None,
            ("No demand was given: read the table, or give demand.averageTps and demand.peakTps",),
            _capacity_table(QUOTA_IUS, per_unit, usd_per_unit_hour, with_more_units),
        )
    if per_unit.high is None:
        reasons.append(
            "The measured TPS is a lower bound: fewer inference units may do, unless burst credit was part of it"
        )
    return Recommendation(
        min_units,
        max_units,
        tuple(reasons),
        _capacity_table(max_units, per_unit, usd_per_unit_hour, with_more_units, peak_tps),
        batch,
        average_tps / (min_units * per_unit_of(min_units, per_unit, with_more_units).estimate),
        peak_tps / (max_units * unit_rate.estimate),
        min_units * usd_per_unit_hour * HOURS_PER_MONTH,
    )


def _sizing_sentence(which: str, name: str, tps: float, units: int, per_unit: Interval) -> str:
    return f"{which} {units}: {name} demand {_rate_text(tps)} TPS at {per_unit.estimate:.2f} TPS per inference unit"


def _cautions(tps: float, units: int, per_unit: Interval, quota_tps: float) -> list[str]:
    cautions = []
    if per_unit.low > 0 and (units_at_low_end := math.ceil(tps / per_unit.low - 1e-9)) > units:
        cautions.append(
            f"At the low end of the interval ({per_unit.low:.2f} TPS per inference unit)"
            f" {_rate_text(tps)} TPS would need {units_at_low_end}"
        )
    if units > QUOTA_IUS:
        cautions.append(f"More than {QUOTA_IUS} inference units per model need a quota raise (Service Quotas)")
    if tps > quota_tps:
        cautions.append(f"More than {quota_tps:g} TPS per account and Region need a quota raise (Service Quotas)")
    return cautions


def _practice_advice(demand: TrafficDemand, min_units: int) -> list[str]:
    advice = []
    if min_units < MIN_PRODUCTION_IUS:
        advice.append("AWS advises at least two inference units in production, spread over Availability Zones")
    if not demand.headroom:
        advice.append(
            "The rates hold for evenly spaced requests: give demand.headroom if your traffic is spiky. For example, a"
            f" model that carries {POISSON_TPS} requests/s throttles {percent(POISSON_THROTTLE_SHARE)} of {POISSON_TPS}"
            f" random (Poisson) requests/s, and one that carries {THROTTLE_FREE_TPS} throttles none (simulated, 1 s of"
            " burst credit)"
        )
    return advice


def _capacity_table(
    units: int,
    per_unit: Interval,
    usd_per_unit_hour: float,
    with_more_units: ReducedRate | None,
    peak_tps: float | None = None,
) -> tuple[Capacity, ...]:
    def tps(n: int) -> float:
        return n * per_unit_of(n, per_unit, with_more_units).estimate

    rows = min(MAX_TABLE_ROWS, max(QUOTA_IUS, units))
    return tuple(
        Capacity(n, tps(n), n * usd_per_unit_hour, peak_tps, tps(n - math.ceil(n / ASSUMED_ZONES)))
        for n in range(1, rows + 1)
    )


def _rate_text(tps: float) -> str:
    return f"{tps:.4g}" if tps < 1000 else f"{tps:,.0f}"
