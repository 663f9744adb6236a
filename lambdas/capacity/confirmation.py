"""A confirmation: evenly paced requests just below the estimate, after closed-loop load that uses up burst credit."""

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

MAX_CONFIRMATION_THROTTLE_RATIO = 0.005  # largest share of throttled requests in a clean confirmation
TOLERATED_LATE_SHARE = 0.01  # share of requests sent late: with more, the requests did not come evenly
MAX_REPETITIONS = 2  # of a step whose requests did not come evenly


@dataclass(frozen=True)
class PacedCounts:
    """The counts of evenly paced requests, and the look at their drain. Rates are in requests per second."""

    rate: float
    accepted_by_second: tuple[int, ...]
    throttled: int
    failed: int
    late_share: float
    drain: Look | None
    latency: LatencyHistogram

    @property
    def sent(self) -> int:
        """The number of paced requests: accepted + throttled + failed."""
        return sum(self.accepted_by_second) + self.throttled + self.failed

    @property
    def seconds(self) -> int:
        """The number of whole paced seconds."""
        return len(self.accepted_by_second)

    @property
    def accepted_tps(self) -> float:
        """Mean accepted requests per second."""
        return sum(self.accepted_by_second) / max(1, self.seconds)

    @property
    def clean_rate(self) -> CleanRate | None:
        """The rate that passed. Returns None if too many requests were throttled, or none was sent."""
        is_clean = self.sent > 0 and self.throttled <= MAX_CONFIRMATION_THROTTLE_RATIO * self.sent
        return CleanRate(self.rate, self.sent, self.throttled, self.latency) if is_clean else None


def run_paced(load_test: LoadTest, plan: StepPlan) -> Generator[StepPlan, StepCounts, PacedCounts]:
    """Run the step as `run_evenly` does. Returns its paced part."""
    return paced_part((yield from run_evenly(load_test, plan)))


def run_evenly(load_test: LoadTest, plan: StepPlan) -> Generator[StepPlan, StepCounts, StepCounts]:
    """Run the step, and repeat it if too many of its paced requests left late.

    Requests that the client bunched may have been throttled by that, and if they passed, they do not show that evenly
    paced ones do.
    """
    counts = yield from load_test.run(plan)
    for _ in range(MAX_REPETITIONS):
        if not plan.paced_tps or paced_part(counts).late_share <= TOLERATED_LATE_SHARE:
            break
        counts = yield from load_test.run(plan)
    return counts


def paced_seconds(plan: StepPlan) -> tuple[int, int]:
    """The first whole second of a step's paced part that counts, and the second after the last one."""
    return int(plan.max_s + PACED_WARM_UP_S), math.floor(plan.longest_s)


def paced_part(counts: StepCounts) -> PacedCounts:
    """The counts of a step's paced part, without its first second."""
    first, last = paced_seconds(counts.plan)
    accepted = [*counts.accepted, *[0] * last][first:last]
    throttled, failed = sum(counts.throttled[first:]), sum(counts.failed[first:])
    late_share = counts.late / max(1, counts.latency.count + throttled)
    return PacedCounts(
        counts.plan.paced_tps, tuple(accepted), throttled, failed, late_share, look(counts), counts.latency
    )
