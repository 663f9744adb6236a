"""The plans of the search's steps: how many workers, how many seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from iu_tuner.contract.choices import MAX_WORKERS, Mode
from lambdas.load.step import PACED_WARM_UP_S, Phase, StepPlan

SATURATED_STEP_S = 12.0  # length of a step that is throttled, or follows a throttled one
SINGLE_WORKER_EXTENSION_S = 8.0  # a worker that is alone may take so much longer
DRAIN_S = 2.0  # of closed-loop load before a confirmation, to use up burst credit
MIN_PACED_S = 7.0  # of a confirmation: shorter ones miss another client that sends in bursts


@dataclass(frozen=True)
class SearchLimits:
    """What the user and the account allow: the mode, total concurrency from start to max, lanes per worker, workers."""

    mode: Mode = "standard"
    start_concurrency: int = 4
    max_concurrency: int = 256
    in_flight_per_worker: int = 8
    most_workers: int = MAX_WORKERS  # of a step; with fewer than asked for, each has more lanes

    @property
    def lanes_per_worker(self) -> int:
        """The most lanes that a worker may get."""
        return max(self.in_flight_per_worker, math.ceil(self.max_concurrency / self.most_workers))


def closed_loop_plan(
    phase: Phase, lanes: int, limits: SearchLimits, *, at_least_s: float, wait_s: float = 0
) -> StepPlan:
    """A closed-loop step. Short ramp steps extend themselves when throttled; longer ones are fixed."""
    workers = min(limits.most_workers, math.ceil(lanes / limits.in_flight_per_worker))
    extended_s = max(at_least_s, SATURATED_STEP_S) if phase == "ramp" else at_least_s
    max_s = extended_s + SINGLE_WORKER_EXTENSION_S if at_least_s < extended_s and workers == 1 else extended_s
    return StepPlan(phase, lanes, workers, at_least_s, extended_s, max_s, wait_s=wait_s)


def paced(
    rate: float, p95_s: float, drain: int, limits: SearchLimits, *, drain_s: float = DRAIN_S, wait_s: float = 0.0
) -> StepPlan:
    """Closed loop on `drain` lanes, then `rate` evenly paced: enough requests for a p95."""
    longest_s, requests = (25.0, 100) if limits.mode == "precise" else (15.0, 61)
    paced_s = min(longest_s, max(MIN_PACED_S, requests / rate + PACED_WARM_UP_S))
    workers = _paced_workers(rate, p95_s, drain, limits)
    return StepPlan("confirm", drain, workers, drain_s, drain_s, drain_s, rate, paced_s, wait_s)


def probing(look: StepPlan, rate: float, p95_s: float, paced_s: float, limits: SearchLimits) -> StepPlan:
    """The look, and then `rate` evenly paced."""
    workers = _paced_workers(rate, p95_s, look.lanes, limits)
    return replace(look, workers=workers, paced_tps=rate, paced_s=paced_s)


def _paced_workers(rate: float, p95_s: float, lanes: int, limits: SearchLimits) -> int:
    in_flight = max(lanes, 1.5 * rate * max(1.0, p95_s))
    return min(limits.most_workers, math.ceil(in_flight / limits.in_flight_per_worker))
