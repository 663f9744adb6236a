"""A pace in memory, for one worker."""

from __future__ import annotations

from lambdas.processing.pace import Pace, Report
from lambdas.processing.pacer import after
from lambdas.processing.slots import Slots, give_back, reserve


class MemoryPace:
    """A pace in memory."""

    def __init__(self, pace: Pace) -> None:
        self.pace, self.exchanges, self.outcomes, self.reserved = pace, 0, "", 0

    def exchange(
        self,
        report: Report,
        now: float,
        *,
        wanted_slots: int | None = None,
        returned_slots: tuple[float, float] | None = None,
    ) -> Slots:
        self.exchanges += 1
        self.outcomes += report.outcomes
        self.pace = after(self.pace, report, now)
        if returned_slots is not None:
            self.pace = give_back(self.pace, *returned_slots)
        self.pace, slots = reserve(self.pace, now, "batch", 1, wanted_slots)
        self.reserved += slots.count
        return slots
