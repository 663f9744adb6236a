"""Simulates past requests against inference units: a fixed number, or auto-scaling between a minimum and a maximum.

AWS does not document when a model service adds or removes inference units, nor how long that takes. This module
assumes that auto-scaling follows the units that the requests need: it scales up to the smallest need of the last
`up_s` seconds, and down to the largest need of the last `down_s` seconds.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HOURS_PER_MONTH = 730
SCALE_UP_S = 5 * 60
SCALE_DOWN_S = 15 * 60


@dataclass(frozen=True)
class ScalingDelay:
    """The assumed delay of auto-scaling, in seconds."""

    up_s: int = SCALE_UP_S
    down_s: int = SCALE_DOWN_S

    def in_periods(self, period_s: int) -> tuple[int, int]:
        """Both delays in whole periods of `period_s` seconds, at least one each."""
        up, down = (max(1, math.ceil(seconds / period_s)) for seconds in (self.up_s, self.down_s))
        return up, down

    def rounded_to(self, period_s: int) -> ScalingDelay:
        """The delays rounded up to whole periods of `period_s` seconds."""
        up, down = self.in_periods(period_s)
        return ScalingDelay(up * period_s, down * period_s)


class AutoScaling:
    """A model that scales between two numbers of inference units, one period at a time. It starts at the minimum."""

    def __init__(self, min_units: int, max_units: int, tps_per_unit: float, period_s: int, delay: ScalingDelay) -> None:
        self.units = min_units
        self._min_units, self._max_units = min_units, max_units
        self._requests_per_unit = tps_per_unit * period_s
        up_periods, self._down_periods = delay.in_periods(period_s)
        self._needed_units: deque[int] = deque([min_units] * up_periods, maxlen=max(up_periods, self._down_periods))
        self._up_periods = up_periods

    def serve(self, count: int | None) -> int:
        """Advance by one period with `count` requests, or None. Returns the inference units in service in it."""
        recent_needs = list(self._needed_units)
        self.units = max(self.units, min(recent_needs[-self._up_periods :]))
        self.units = min(self.units, max(recent_needs[-self._down_periods :]))
        needed_units = math.ceil(count / self._requests_per_unit - 1e-9) if count else self._min_units
        self._needed_units.append(min(max(needed_units, self._min_units), self._max_units))
        return self.units


@dataclass(frozen=True)
class ServedDemand:
    """How many requests a choice of inference units would have carried; `sent` = `carried` + `throttled`."""

    sent: int
    carried: float
    served_periods: int  # periods in which the model served
    fully_served_periods: int
    unit_periods: int  # periods times the units in service
    periods: int

    @property
    def throttled(self) -> float:
        """The number of requests beyond the capacity of their period."""
        return self.sent - self.carried

    @property
    def throttled_share(self) -> float:
        """The share of all requests that were throttled, from 0 to 1."""
        return self.throttled / self.sent if self.sent else 0.0

    @property
    def mean_units(self) -> float:
        """The mean number of inference units over all periods."""
        return self.unit_periods / self.periods if self.periods else 0.0


def simulate(counts: Sequence[int | None], units: Iterable[int], tps_per_unit: float, period_s: int) -> ServedDemand:
    """Simulate each period's requests, spread evenly over it, against the units in service in that period."""
    requests, carried, fully_served, unit_periods, served_periods = 0, 0.0, 0, 0, 0
    for count, units_in_service in zip(counts, units, strict=True):
        unit_periods += units_in_service
        if count is None:
            continue
        capacity = units_in_service * tps_per_unit * period_s
        served_periods += 1
        requests += count
        carried += min(count, capacity)
        fully_served += count <= capacity + 1e-9
    return ServedDemand(requests, carried, served_periods, fully_served, unit_periods, len(counts))


def simulate_fixed_units(counts: Sequence[int | None], units: int, tps_per_unit: float, period_s: int) -> ServedDemand:
    """Simulate a model with a fixed number of inference units."""
    return simulate(counts, [units] * len(counts), tps_per_unit, period_s)


def simulate_auto_scaling(
    counts: Sequence[int | None],
    min_units: int,
    max_units: int,
    tps_per_unit: float,
    period_s: int,
    delay: ScalingDelay = ScalingDelay(),
) -> ServedDemand:
    """Simulate a model that always runs and scales between `min_units` and `max_units` inference units."""
    model = AutoScaling(min_units, max_units, tps_per_unit, period_s, delay)
    return simulate(counts, map(model.serve, counts), tps_per_unit, period_s)
