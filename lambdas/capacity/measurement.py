"""What a search ends with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lambdas.capacity.rates.interval import Interval
from lambdas.load.histogram import LatencyHistogram

Ending = Literal["saturated", "latency-bound", "not-saturated", "account-throttled", "client-limited", "unstable"]


@dataclass(frozen=True)
class CleanRate:
    """An evenly paced rate that passed: requests sent and throttled at it, and their latencies."""

    tps: float
    sent: int
    throttled: int
    latency: LatencyHistogram

    @property
    def throttle_ratio_below(self) -> float:
        """The throttle ratio that this many clean requests rule out with 95 % confidence."""
        return float(1 - 0.05 ** (1 / self.sent)) if self.sent else 1.0


@dataclass(frozen=True)
class WorkersRefused:
    """Lambda ran `given` of the `wanted` workers of a step, twice."""

    wanted: int
    given: int


@dataclass(frozen=True)
class Measurement:
    """What the steps showed. `max_tps` is None when only a quota window longer than the test was seen.

    `unsettled`: what was seen instead of one rate that holds, as a clause. `saturated`: the seconds that the rate is
    from, in so many `looks`.
    """

    ending: Ending
    concurrency: int
    max_tps: Interval | None
    clean: CleanRate | None = None
    confirmed: bool = False
    windowed: bool = False
    late_share: float = 0.0
    unsettled: str = ""
    saturated: tuple[int, ...] = ()
    looks: int = 1
    refused: WorkersRefused | None = None  # the search went on with the workers that Lambda gave
