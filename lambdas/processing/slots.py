"""Slots: the times at which requests may be sent. Workers reserve them ahead, and no two get the same one. Pure.

This is the generic cell rate algorithm (GCRA): the item of a pace holds the time of the first free slot, and a
reservation moves it on. Live uploads get two slots for one of a batch while both want more than they get.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from lambdas.processing.pacer import Pace

Kind = Literal["live", "batch"]

PERIOD_S = 1.0  # a worker reserves slots for this long
LEAD_S = 0.1  # the first slot of an idle model, so that a later reservation comes in time
HORIZON_S = 2.0  # no slot is reserved further ahead
SHORT_S = 3.0  # so long after it got too few slots, the share of a kind is kept free
SHARES: dict[Kind, float] = {"live": 2 / 3, "batch": 1 / 3}


@dataclass(frozen=True)
class Slots:
    """`count` reserved slots, the first at `first`, `interval` apart. At `again_at` the worker asks for more.

    `cap` is the most requests that the worker may have in flight. While it uses its slots it is the only one that
    sends, so it may have as many as all together; only a model that limits requests in flight asks for less.
    """

    first: float
    interval: float
    count: int
    again_at: float
    cap: int | None = None

    @property
    def times(self) -> list[float]:
        """The time of each slot, in epoch seconds."""
        return [self.first + number * self.interval for number in range(self.count)]

    @property
    def end(self) -> float:
        """The time of the slot after the last."""
        return self.first + self.count * self.interval


def reserve(pace: Pace, now: float, kind: Kind, workers: int, wanted: int | None = None) -> tuple[Pace, Slots]:
    """Reserve the next slots of one of `workers` workers: as many as it may have for a second.

    A worker whose slots come soon asks again before their end, so that it gets those of workers which have not begun
    yet, or have ended. One that says how many it has `wanted` may have all that nobody has reserved, as it does not
    take too many.
    """
    share = _share(pace, now, kind)
    rate = share * pace.rate / (workers if wanted is None else 1)
    count = max(1, round(rate * PERIOD_S))
    is_short = wanted is None or wanted > count
    if wanted is not None:
        count = min(count, wanted)
    first = pace.next_free_at if pace.next_free_at > now else now + LEAD_S
    if first > now + HORIZON_S:
        count = 0
    again_at = now + (count / rate if count else first - now - HORIZON_S / 2)
    if wanted is not None and not is_short:
        again_at = max(again_at, now + PERIOD_S / 2)
    if wanted is None and count and share == 1.0:
        again_at = min(again_at, first + count / pace.rate - LEAD_S)
    cap = pace.cap if pace.cap is None or not pace.is_limited else max(1, round(pace.cap / workers))
    slots = Slots(first, 1 / pace.rate, count, again_at, cap)
    pace = replace(pace, next_free_at=slots.end)
    if is_short:
        pace = replace(pace, live_short_at=now) if kind == "live" else replace(pace, batch_short_at=now)
    return pace, slots


def give_back(pace: Pace, first: float, end: float) -> Pace:
    """The pace after a worker gave back its slots from `first` to `end`, which frees them if they are the last ones."""
    return replace(pace, next_free_at=first) if abs(pace.next_free_at - end) < 1e-3 else pace


def _share(pace: Pace, now: float, kind: Kind) -> float:
    """The share of the rate that this kind of work may have: all of it unless the other kind is short of slots."""
    other_short_at = pace.batch_short_at if kind == "live" else pace.live_short_at
    return SHARES[kind] if now < other_short_at + SHORT_S else 1.0
