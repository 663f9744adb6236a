"""Past requests against inference units: a fixed number of them, or auto-scaling between a minimum and a maximum.

AWS documents neither when a service adds or takes away inference units nor how long that takes. What is
assumed here: it follows the units that the requests need. It goes up to what was needed all through the last
`up_s` seconds, and down to the most that was needed at any time in the last `down_s` seconds.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HOURS_PER_MONTH = 730
UP_S = 5 * 60
DOWN_S = 15 * 60


@dataclass(frozen=True)
class Lag:
    """How long auto-scaling is assumed to take, in seconds."""

    up_s: int = UP_S
    down_s: int = DOWN_S

    def in_periods(self, period_s: int) -> tuple[int, int]:
        """Up and down in whole periods, one at least."""
        up, down = (max(1, math.ceil(seconds / period_s)) for seconds in (self.up_s, self.down_s))
        return up, down

    def seen_in(self, period_s: int) -> Lag:
        """What it comes to when only whole periods are seen."""
        up, down = self.in_periods(period_s)
        return Lag(up * period_s, down * period_s)


class AutoScaling:
    """A model that scales between two numbers of inference units, period after period; it starts with the fewer."""

    def __init__(self, least: int, most: int, tps_per_unit: float, period_s: int, lag: Lag) -> None:
        self.units = least
        self._least, self._most = least, most
        self._requests_per_unit = tps_per_unit * period_s
        up, self._down = lag.in_periods(period_s)
        self._needs: deque[int] = deque([least] * up, maxlen=max(up, self._down))
        self._up = up

    def serve(self, count: int) -> int:
        """The units in service in the next period, in which `count` requests come."""
        recent = list(self._needs)
        self.units = max(self.units, min(recent[-self._up :]))
        self.units = min(self.units, max(recent[-self._down :]))
        need = math.ceil(count / self._requests_per_unit - 1e-9)
        self._needs.append(min(max(need, self._least), self._most))
        return self.units


@dataclass(frozen=True)
class Service:
    """What inference units made of the requests. `sent` = `carried` + `throttled`."""

    sent: int
    carried: float
    served: int  # periods in which requests could come
    served_in_full: int
    unit_periods: int  # periods times the units in service
    periods: int

    @property
    def throttled(self) -> float:
        """Requests beyond the capacity of their period."""
        return self.sent - self.carried

    @property
    def throttled_share(self) -> float:
        """Of all requests."""
        return self.throttled / self.sent if self.sent else 0.0

    @property
    def mean_units(self) -> float:
        """Over all periods."""
        return self.unit_periods / self.periods if self.periods else 0.0


def served(counts: Sequence[int | None], units: Iterable[int], tps_per_unit: float, period_s: int) -> Service:
    """Each period's requests against the units of that period, its requests spread evenly over it."""
    sent, carried, in_full, unit_periods, open_periods = 0, 0.0, 0, 0, 0
    for count, in_service in zip(counts, units, strict=True):
        unit_periods += in_service
        if count is None:
            continue
        capacity = in_service * tps_per_unit * period_s
        open_periods += 1
        sent += count
        carried += min(count, capacity)
        in_full += count <= capacity + 1e-9
    return Service(sent, carried, open_periods, in_full, unit_periods, len(counts))


def always(counts: Sequence[int | None], units: int, tps_per_unit: float, period_s: int) -> Service:
    """With as many units all the time."""
    return served(counts, [units] * len(counts), tps_per_unit, period_s)


def scaled(
    counts: Sequence[int | None], least: int, most: int, tps_per_unit: float, period_s: int, lag: Lag = Lag()
) -> Service:
    """With a model that runs all the time and scales by itself."""
    model = AutoScaling(least, most, tps_per_unit, period_s, lag)
    return served(counts, [model.serve(count or 0) for count in counts], tps_per_unit, period_s)
