"""A confirmation: evenly paced just below the estimate, after as much load as uses up saved-up credit."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from lambdas.capacity.looks import Look, look
from lambdas.capacity.measurement import CleanRate
from lambdas.capacity.soundness import LoadTest
from lambdas.capacity.step import SETTLE_S, StepCounts, StepPlan

CLEAN_SHARE = 0.005  # of requests throttled, at most, in a clean confirmation
TOLERATED_LATE = 0.01  # of its requests, sent late: with more, throttles are looked at again


@dataclass(frozen=True)
class Paced:
    """What came of evenly paced requests, and what their drain saw; rates in requests per second."""

    rate: float
    sent: int
    accepted: int
    throttled: int
    failed: int
    late_share: float
    seconds: float
    drain: Look | None
    counts: StepCounts

    @property
    def is_clean(self) -> bool:
        """Were hardly any throttled?"""
        return self.sent > 0 and self.throttled <= CLEAN_SHARE * self.sent

    @property
    def clean_rate(self) -> CleanRate | None:
        """The rate that passed."""
        return CleanRate(self.rate, self.sent, self.throttled, self.counts.latency) if self.is_clean else None

    @property
    def accepted_tps(self) -> float:
        """What was accepted of it."""
        return self.accepted / self.seconds


def paced_again(test: LoadTest, plan: StepPlan) -> Generator[StepPlan, StepCounts, Paced]:
    """The step; once more where unevenly sent requests were throttled: that may be the client's own doing."""
    seen = paced_part((yield from test.run(plan)))
    if seen.sent and not seen.is_clean and seen.late_share > TOLERATED_LATE:
        seen = paced_part((yield from test.run(plan)))
    return seen


def paced_part(counts: StepCounts) -> Paced:
    """The paced requests of a step, without its first paced second."""
    plan = counts.plan
    first = int(plan.max_s + SETTLE_S)
    accepted, throttled, failed = (
        sum(each[first:]) for each in (counts.accepted, counts.throttled, counts.failed)
    )
    late_share = counts.late / max(1, counts.latency.count + throttled)
    return Paced(
        plan.paced_tps, accepted + throttled + failed, accepted, throttled, failed, late_share,
        plan.paced_s - SETTLE_S, look(counts), counts,
    )  # fmt: skip
