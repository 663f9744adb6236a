"""Slots: the times at which requests may be sent. Workers reserve them ahead, and no two get the same one. Pure.

This is the generic cell rate algorithm (GCRA): the item of a pace holds the time of the first free slot, and a
reservation moves it on. While there are live uploads, a batch reserves little, and not far ahead, so that uploads wait
for less than a second. Beside a batch uploads have two thirds of the slots at most.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from lambdas.processing.pace import Pace

Kind = Literal["live", "batch"]

PERIOD_S = 1.0  # a worker reserves slots for this long
LEAD_S = 0.1  # the first slot of an idle model, so that a later reservation comes in time
HORIZON_S = 2.0  # no slot is reserved further ahead
SHORT_PERIOD_S, SHORT_HORIZON_S = 0.3, 0.2  # of a batch beside live uploads, and of their own slow start
SOON_S = 0.01  # no worker asks again before
AFTER_LIVE_S = 10.0  # so long after live uploads a batch takes the short ones
AFTER_BATCH_S = 3.0  # so long after a batch has reserved slots live uploads have only their share
LIVE_SHARE, LIVE_AHEAD_S = 2 / 3, 3.0  # which they may use up ahead for so long


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
    is_unsure: bool = False

    @property
    def times(self) -> list[float]:
        """The time of each slot, in epoch seconds."""
        return [self.first + number * self.interval for number in range(self.count)]

    @property
    def end(self) -> float:
        """The time of the slot after the last."""
        return self.first + self.count * self.interval


def reserve(pace: Pace, now: float, kind: Kind, workers: int, wanted_slots: int | None = None) -> tuple[Pace, Slots]:
    """Reserve the next slots of one of `workers` workers: as many as it may have for a period.

    A worker whose slots come soon asks again before their end, so that it gets those of workers which have not begun
    yet, or have ended. One that gives its `wanted_slots` may have all that nobody has reserved, as it does not take
    too many.
    """
    is_short = pace.is_unsure or (kind == "batch" and now < pace.live_free_at + AFTER_LIVE_S)
    period, horizon = (SHORT_PERIOD_S, SHORT_HORIZON_S) if is_short else (PERIOD_S, HORIZON_S)
    has_share = kind == "live" and now < pace.batch_at + AFTER_BATCH_S
    rate = pace.rate / (workers if wanted_slots is None else 1)
    available = max(1, round(rate * period))
    if has_share:
        available = min(available, _share_left(pace, now))
    first = pace.next_free_at if pace.next_free_at > now else now + LEAD_S
    count = 0 if first > now + horizon else available if wanted_slots is None else min(available, wanted_slots)
    if count:
        again_at = now + count / rate
    elif available:
        again_at = max(now + SOON_S, first - min(horizon, PERIOD_S))
    else:
        again_at = pace.live_free_at - max(0.0, LIVE_AHEAD_S - max(PERIOD_S / 2, 1 / (LIVE_SHARE * pace.rate)))
    if wanted_slots is not None and wanted_slots <= available:
        again_at = max(again_at, now + PERIOD_S / 2)
    if wanted_slots is None and count and not is_short:
        again_at = min(again_at, first + count / pace.rate - LEAD_S)
    cap = pace.cap if pace.cap is None or not pace.is_limited else max(1, round(pace.cap / workers))
    slots = Slots(first, 1 / pace.rate, count, again_at, cap, pace.is_unsure)
    pace = replace(pace, next_free_at=slots.end)
    if kind == "batch":
        pace = replace(pace, batch_at=now)
    elif wanted_slots != 0:
        pace = replace(pace, live_free_at=max(pace.live_free_at, now) + count / (LIVE_SHARE * pace.rate))
    return pace, slots


def _share_left(pace: Pace, now: float) -> int:
    """The slots that live uploads have left of their share, however many workers ask for them."""
    used_s = max(0.0, pace.live_free_at - now)
    return max(0 if used_s else 1, math.floor((LIVE_AHEAD_S - used_s) * LIVE_SHARE * pace.rate))


def give_back(pace: Pace, first: float, end: float) -> Pace:
    """The pace after a worker gave back its slots from `first` to `end`, which frees them if they are the last ones."""
    return replace(pace, next_free_at=first) if abs(pace.next_free_at - end) < 1e-3 else pace
