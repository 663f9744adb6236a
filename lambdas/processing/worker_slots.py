"""One worker's part of the pace: its reserved slots, what became of its requests, and when it has to report. Pure.

Its threads share it under a lock; the benchmark drives it in virtual time.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import dataclass, field

from lambdas.models.outcomes import THROTTLED
from lambdas.processing.pace import Report, digit
from lambdas.processing.pacer import KEPT_OUTCOMES, is_outage
from lambdas.processing.slots import Slots

# A slot that is older is not used any more: many late requests at once look like lost capacity. Where the worker itself
# was late, and did not wait for replies, that is after so many slots, but at least so long.
LATE_S = 0.4
LATE_SLOTS, SHORT_LATE_S = 2, 0.1
UNEVEN_S = 0.02  # a request that is sent so late after its slot may take the place of a later one
LATE_EFFECT_S = 1.2  # for so long: a window of a second has less room until the late request has left it
SOON_S = 0.1  # at most one early report in this time
CAP_THROTTLES = 3  # a limit of requests in flight shows in so many throttles
CAP_SHARE = 0.02  # and in a smaller share of throttles with fewer in flight


@dataclass
class WorkerSlots:
    """The slots of one worker, in order, and its outcomes since the last report. Times in epoch seconds."""

    in_flight: int = 0
    cap: int | None = None
    again_at: float = 0.0
    paced_s: float = 0.0  # the time that requests waited for a slot
    _slots: deque[float] = field(default_factory=deque)
    _interval: float = 1.0
    _outcomes: str = ""
    _unused_count: int = 0
    _late_at: float = -math.inf  # when a request was last sent late
    _gives_up_late: bool = False  # the slots, as the model throttled after a late request
    _is_unsure: bool = False
    _reported_at: float | None = None
    _accepted_at: Counter[int] = field(default_factory=Counter)  # by requests in flight when they were sent
    _throttled_at: Counter[int] = field(default_factory=Counter)

    @property
    def held_count(self) -> int:
        """The slots that are reserved and not used yet."""
        return len(self._slots)

    def is_due(self, now: float) -> bool:
        """Whether to report and to reserve now: a second is over, or many requests are throttled."""
        can_report_early = self._reported_at is not None and now >= self._reported_at + SOON_S
        return now >= self.again_at or (can_report_early and self._is_alarmed(now))

    def report(self, now: float) -> Report:
        """What happened since the last report."""
        last_report_at = now if self._reported_at is None else self._reported_at
        report = Report(self._outcomes, self._unused_count, self._find_cap(), self._was_late(last_report_at))
        self._reported_at, self._outcomes, self._unused_count = now, "", 0
        return report

    def give_back(self, now: float) -> tuple[float, float] | None:
        """The first of the slots to give back, and their end: after an early report, all that are left."""
        if now >= self.again_at or not self._slots:
            return None
        first, end = self._slots[0], self._slots[-1] + self._interval
        self._slots.clear()
        return first, end

    def add(self, slots: Slots) -> None:
        """Add reserved slots."""
        self._slots.extend(slots.times)
        self._interval, self.again_at, self.cap = slots.interval, slots.again_at, slots.cap
        self._is_unsure = slots.is_unsure

    def next_at(self, now: float) -> float | None:
        """The time of the next slot, which may be past. Returns None if there is none, or the cap is reached."""
        waited_for_reply = self.cap is not None and self.in_flight >= self.cap - 1
        late_s = LATE_S if waited_for_reply else self._most_late_s()
        while self._slots and self._slots[0] < now - late_s:
            self._slots.popleft()
            self._unused_count += 1
        if not self._slots or self._is_alarmed(now) or (self.cap is not None and self.in_flight >= self.cap):
            return None
        return self._slots[0]

    def send(self, now: float) -> int:
        """Use the next slot. Returns the requests in flight before it, which `record_outcome` asks for."""
        if now > self._slots.popleft() + UNEVEN_S:
            self._late_at = now
        self.in_flight += 1
        return self.in_flight - 1

    def record_outcome(self, outcome: str, in_flight_before: int, now: float) -> None:
        """Record a request's outcome."""
        self.in_flight -= 1
        self._outcomes += digit(outcome)
        self._gives_up_late |= outcome == THROTTLED and self._was_late(now)
        levels = self._throttled_at if outcome == THROTTLED else self._accepted_at
        levels[in_flight_before] += 1

    def _most_late_s(self) -> float:
        """How late a slot may be used if the worker itself was late."""
        return UNEVEN_S if self._gives_up_late else min(LATE_S, max(SHORT_LATE_S, LATE_SLOTS * self._interval))

    def _was_late(self, now: float) -> bool:
        """Whether a request was sent late so shortly before `now` that it may be why others are throttled."""
        return self._late_at > now - LATE_EFFECT_S

    def _is_alarmed(self, now: float) -> bool:
        """Whether throttles have to be reported before anything else is sent."""
        latest = self._outcomes[-KEPT_OUTCOMES:]
        return "1" in latest if self._is_unsure else is_outage(latest, is_uneven=self._was_late(now))

    def _find_cap(self) -> int | None:
        """The least number in flight from which on most requests were throttled, while few with fewer were.

        Returns None if there is no such number below the cap.
        """
        if self._throttled_at.total() < CAP_THROTTLES:
            return None
        accepted, throttled = self._accepted_at.total(), self._throttled_at.total()
        accepted_above = throttled_above = 0
        for level in sorted({*self._accepted_at, *self._throttled_at} - {0}, reverse=True):
            accepted_above += self._accepted_at[level]
            throttled_above += self._throttled_at[level]
            requests_below = accepted - accepted_above + throttled - throttled_above
            is_limited = throttled_above >= max(CAP_THROTTLES, accepted_above)
            if is_limited and throttled - throttled_above <= CAP_SHARE * requests_below:
                return level if self.cap is None or level < self.cap else None
        return None
