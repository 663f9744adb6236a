"""A confirmation: evenly paced just below the estimate, after as much load as uses up saved-up credit."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass

from lambdas.capacity.looks import Look, look
from lambdas.capacity.measurement import CleanRate
from lambdas.capacity.step_checks import LoadTest
from lambdas.load.counts import StepCounts
from lambdas.load.histogram import LatencyHistogram
from lambdas.load.step import PACED_WARM_UP_S, StepPlan

MAX_CONFIRM_THROTTLE_RATIO = 0.005  # of requests throttled, at most, in a clean confirmation
TOLERATED_LATE = 0.01  # of its requests, sent late: with more, throttles are looked at again


@dataclass(frozen=True)
class Paced:
    """What came of evenly paced requests, and what their drain saw; rates in requests per second."""

    rate: float
    accepted_by_second: tuple[int, ...]
    throttled: int
    failed: int
    late_share: float
    drain: Look | None
    latency: LatencyHistogram

    @property
    def sent(self) -> int:
        """All of them."""
        return sum(self.accepted_by_second) + self.throttled + self.failed

    @property
    def seconds(self) -> int:
        """For so long."""
        return len(self.accepted_by_second)

    @property
    def accepted_tps(self) -> float:
        """What was accepted of it."""
        return sum(self.accepted_by_second) / max(1, self.seconds)

    @property
    def clean_rate(self) -> CleanRate | None:
        """The rate that passed; None where more than a few were throttled, or nothing was answered."""
        is_clean = self.sent > 0 and self.throttled <= MAX_CONFIRM_THROTTLE_RATIO * self.sent
        return CleanRate(self.rate, self.sent, self.throttled, self.latency) if is_clean else None


def paced_again(test: LoadTest, plan: StepPlan) -> Generator[StepPlan, StepCounts, Paced]:
    """The step; once more where unevenly sent requests were throttled: that may be the client's own doing."""
    seen = paced_part((yield from test.run(plan)))
    if seen.sent and not seen.clean_rate and seen.late_share > TOLERATED_LATE:
        seen = paced_part((yield from test.run(plan)))
    return seen


def paced_part(counts: StepCounts) -> Paced:
    """The paced requests of a step, without its first paced second."""
    first, last = int(counts.plan.max_s + PACED_WARM_UP_S), math.floor(counts.plan.longest_s)
    accepted = [*counts.accepted, *[0] * last][first:last]
    throttled, failed = sum(counts.throttled[first:]), sum(counts.failed[first:])
    late_share = counts.late / max(1, counts.latency.count + throttled)
    return Paced(counts.plan.paced_tps, tuple(accepted), throttled, failed, late_share, look(counts), counts.latency)
