"""The plans of the search's steps: how many workers, how many seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from lambdas.capacity.step import SETTLE_S, Phase, StepPlan

Mode = Literal["quick", "standard", "precise"]

MOST_WORKERS = 1000  # of a step: Lambda's default concurrency per account and Region, all at once
FORCED_S = 16.0  # length of a step that is throttled, or follows a throttled one
QUICK_FORCED_S = 12.0  # the same in quick mode
ALONE_S = 4.0  # a worker that is alone may take so much longer
DRAIN_S = 2.0  # of closed-loop load before a confirmation, to use up burst credit


@dataclass(frozen=True)
class SearchLimits:
    """What the user and the account allow: the mode, total concurrency from start to max, lanes per worker, workers."""

    mode: Mode = "standard"
    start_concurrency: int = 4
    max_concurrency: int = 256
    in_flight_per_worker: int = 8
    most_workers: int = MOST_WORKERS  # of a step; with fewer than asked for, each has more lanes

    @property
    def lanes_per_worker(self) -> int:
        """The most lanes that a worker may get."""
        return max(self.in_flight_per_worker, math.ceil(self.max_concurrency / self.most_workers))


def closed_loop(
    phase: Phase, lanes: int, limits: SearchLimits, *, at_least_s: float, wait_s: float = 0
) -> StepPlan:
    """A closed-loop step. Short ramp steps extend themselves when throttled; longer ones are fixed."""
    workers = min(limits.most_workers, math.ceil(lanes / limits.in_flight_per_worker))
    extended_s = max(at_least_s, forced_s(limits)) if phase == "ramp" else at_least_s
    max_s = extended_s + ALONE_S if at_least_s < extended_s and workers == 1 else extended_s
    return StepPlan(phase, lanes, workers, at_least_s, extended_s, max_s, wait_s=wait_s)


def forced_s(limits: SearchLimits) -> float:
    """How long a throttled step is."""
    return QUICK_FORCED_S if limits.mode == "quick" else FORCED_S


def paced(rate: float, p95_s: float, drain: int, wait_s: float, limits: SearchLimits) -> StepPlan:
    """Two seconds of closed loop on `drain` lanes, then `rate` evenly paced: enough requests for a p95."""
    longest_s, requests = (25.0, 100) if limits.mode == "precise" else (15.0, 61)
    paced_s = min(longest_s, max(8.0, requests / rate + SETTLE_S))
    in_flight = max(drain, 1.5 * rate * max(1.0, p95_s))
    workers = min(limits.most_workers, math.ceil(in_flight / limits.in_flight_per_worker))
    return StepPlan("confirm", drain, workers, DRAIN_S, DRAIN_S, DRAIN_S, rate, paced_s, wait_s)
