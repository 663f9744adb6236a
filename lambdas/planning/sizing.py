"""The rate of one inference unit that the recommendation is sized by, and the units that a demand needs at a rate."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from iu_tuner.contract.output.recommendation import SizedBy
from iu_tuner.contract.output.result import MeasuredVerdict
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.rates.interval import Interval

TOLERATED_SHORTFALL = 0.01  # one unit fewer is recommended if it lacks less than 1 %, within the interval


@dataclass(frozen=True)
class ReducedRate:
    """Measured TPS per unit of models with more than `above_units` inference units, if it is lower."""

    above_units: int
    per_unit: Interval


@dataclass(frozen=True)
class Sizing:
    """`per_unit` is the rate (requests/s) that one unit is counted on for, None if there is none to plan with.

    `max_per_unit` is max TPS per unit. Clients should have at most `concurrency_per_unit` requests in flight for each
    unit, if that is not None. `reasons` belong to the recommendation.
    """

    sized_by: SizedBy
    max_per_unit: Interval | None
    per_unit: Interval | None
    concurrency_per_unit: int | None = None
    reasons: tuple[str, ...] = ()

    @property
    def missing_rate_reason(self) -> str:
        """The reason for a `per_unit` of None, as a main clause."""
        return "No evenly paced rate passed without throttles" if self.max_per_unit else "No rate was measured"

    def reduced_rate(self, with_more_units: ReducedRate | None) -> ReducedRate | None:
        """The measured rate of models with more units, in the same proportion to their maximum as `per_unit`."""
        if with_more_units is None or self.per_unit is None or self.max_per_unit is None or self.sized_by == "maxTps":
            return with_more_units
        tps = with_more_units.per_unit.estimate * self.per_unit.estimate / self.max_per_unit.estimate
        return replace(with_more_units, per_unit=Interval(tps, tps, tps))


def sizing_of(measurement: Measurement, verdict: MeasuredVerdict, units: int) -> Sizing:
    """The sizing after a measurement with `units` inference units.

    With `throttles-below-max` it is the clean rate: requests above it are throttled, though the model carries more.
    """
    max_tps = measurement.max_tps.per_unit(units) if measurement.max_tps and measurement.max_tps.estimate > 0 else None
    if verdict == "throttles-below-max":
        if max_tps is None or measurement.clean_rate is None:
            return Sizing("cleanTps", max_tps, None)
        tps = measurement.clean_rate.tps / units
        why = f"Sized by the clean rate, {tps:.2f} evenly paced requests/s per inference unit, as more are throttled"
        return Sizing("cleanTps", max_tps, Interval(tps, tps, tps), reasons=(why,))
    if verdict == "latency-bound":
        lanes = max(1, measurement.concurrency // units)
        why = f"Cap the concurrency of your clients at {lanes} per inference unit: more requests only wait for longer"
        return Sizing("maxTps", max_tps, max_tps, lanes, (why,))
    return Sizing("maxTps", max_tps, max_tps)


def per_unit_of(units: int, per_unit: Interval, with_more_units: ReducedRate | None) -> Interval:
    """The TPS of each unit of a model with `units` inference units."""
    return per_unit if with_more_units is None or units <= with_more_units.above_units else with_more_units.per_unit


def units_for(demand_tps: float, per_unit: Interval, with_more_units: ReducedRate | None = None) -> int:
    """The smallest number of inference units, at least 1, that carries `demand_tps` requests per second."""
    units = _fewest_units(demand_tps, per_unit)
    return (
        units
        if with_more_units is None or units <= with_more_units.above_units
        else _fewest_units(demand_tps, with_more_units.per_unit)
    )


def _fewest_units(demand_tps: float, per_unit: Interval) -> int:
    units = math.ceil(demand_tps / per_unit.estimate - 1e-9)
    fewer_units = units - 1
    nearly_carries = fewer_units * per_unit.estimate >= (1 - TOLERATED_SHORTFALL) * demand_tps
    is_within_interval = per_unit.high is not None and fewer_units * per_unit.high >= demand_tps
    return max(1, fewer_units if nearly_carries and is_within_interval else units)
