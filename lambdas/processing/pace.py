"""The pace that all work with one model shares, and what its workers report about it. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from lambdas.models.outcomes import THROTTLED

LOW_SHARE = 0.9  # of the measured rate: below it, capacity is gone for a time


@dataclass(frozen=True)
class Pace:
    """What all work with one model shares. Rates in requests per second of all units, times in epoch seconds."""

    rate: float
    units: int
    cap: int | None = None  # most requests in flight; None if it is not known
    is_limited: bool = False  # whether the model throttles more in flight than the cap
    measured: float | None = None  # TPS per inference unit; None without a measurement
    ceiling: float | None = None  # the rate at the last throttle
    slow_start: bool = False
    seeking: bool = False  # the ceiling is a guess: after lost capacity or a slow start, or from a clean rate
    false_probes: int = 0
    answered: int = 0  # accepted requests since `counted_from`, the time of the last decrease
    counted_from: float = 0.0
    recent: str = ""  # the latest outcomes, oldest first: 0 accepted, 1 throttled
    lowered_at: float = 0.0
    next_free_at: float = 0.0  # the first slot that nobody has reserved
    batch_at: float = 0.0  # when a batch last reserved slots
    live_free_at: float = 0.0  # until when live uploads have used their share

    @property
    def expected(self) -> float | None:
        """The measured rate with the present units."""
        return None if self.measured is None else self.measured * self.units

    @property
    def is_unsure(self) -> bool:
        """Whether the rate is a guess, which is made better by throttles: each one is reported at once."""
        return self.slow_start or self.seeking

    @property
    def is_low(self) -> bool:
        """Whether the rate is far below the measured one."""
        return self.expected is not None and self.rate < LOW_SHARE * self.expected


@dataclass(frozen=True)
class Report:
    """What one worker saw since its last report.

    `outcomes` are in order: 0 accepted, 1 throttled. `unused` slots passed without a request. `cap` is the number of
    requests in flight above which almost all requests were throttled, if the worker found one. `is_uneven` says that
    requests were sent late, or shortly before, so that the model was asked for more than the rate for a moment.
    """

    outcomes: str = ""
    unused: int = 0
    cap: int | None = None
    is_uneven: bool = False

    @property
    def accepted(self) -> int:
        """The number of accepted requests."""
        return self.outcomes.count("0")


def digit(outcome: str) -> str:
    """An outcome in a report. Errors that are no throttle count as accepted: the model was not at its limit."""
    return "1" if outcome == THROTTLED else "0"


def with_units(pace: Pace, units: int) -> Pace:
    """The pace with this number of inference units in service: all rates are in proportion."""
    if units == pace.units:
        return pace
    factor = units / pace.units
    ceiling = None if pace.ceiling is None else pace.ceiling * factor
    cap = None if pace.cap is None else math.ceil(pace.cap * factor)
    return replace(
        pace, units=units, rate=pace.rate * factor, ceiling=ceiling, cap=cap, recent="", answered=0, counted_from=0.0
    )
