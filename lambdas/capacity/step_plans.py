"""The plans of the search's steps: their numbers of workers and seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from iu_tuner.contract.choices import MAX_WORKERS, Mode
from lambdas.load.step import PACED_WARM_UP_S, Phase, StepPlan

SATURATED_STEP_S = 12.0  # length of a step that is throttled or follows a throttled one
SINGLE_WORKER_EXTENSION_S = 8.0  # maximum extension of a step with only one worker
DRAIN_S = 1.0  # closed-loop load before a confirmation, which uses up burst credit (docs/accuracy.md)
MIN_PACED_S = 7.0  # minimum length of a confirmation: a shorter one may miss another client's bursts


@dataclass(frozen=True)
class SearchLimits:
    """The limits that the user and the account set: mode, first and maximum concurrency, lanes per worker, workers."""

    mode: Mode = "standard"
    start_concurrency: int = 4
    max_concurrency: int = 256
    in_flight_per_worker: int = 8
    most_workers: int = MAX_WORKERS  # of a step; with fewer workers, each one gets more lanes

    @property
    def lanes_per_worker(self) -> int:
        """Maximum number of lanes of one worker."""
        return max(self.in_flight_per_worker, math.ceil(self.max_concurrency / self.most_workers))


def closed_loop_plan(
    phase: Phase, lanes: int, limits: SearchLimits, *, at_least_s: float, wait_s: float = 0
) -> StepPlan:
    """The plan of a closed-loop step. Workers extend a short ramp step while they are throttled."""
    workers = min(limits.most_workers, math.ceil(lanes / limits.in_flight_per_worker))
    extended_s = max(at_least_s, SATURATED_STEP_S) if phase == "ramp" else at_least_s
    max_s = extended_s + SINGLE_WORKER_EXTENSION_S if at_least_s < extended_s and workers == 1 else extended_s
    return StepPlan(phase, lanes, workers, at_least_s, extended_s, max_s, wait_s=wait_s)


def confirmation_plan(
    rate: float, p95_s: float, drain_lanes: int, limits: SearchLimits, *, drain_s: float = DRAIN_S, wait_s: float = 0.0
) -> StepPlan:
    """The plan of a confirmation: a drain with `drain_lanes` lanes, then `rate` requests/s, long enough for a p95."""
    longest_s, requests = (25.0, 100) if limits.mode == "precise" else (15.0, 61)
    paced_s = min(longest_s, max(MIN_PACED_S, requests / rate + PACED_WARM_UP_S))
    workers = _paced_workers(rate, p95_s, drain_lanes, limits)
    return StepPlan("confirm", drain_lanes, workers, drain_s, drain_s, drain_s, rate, paced_s, wait_s)


def probe_plan(look: StepPlan, rate: float, p95_s: float, paced_s: float, limits: SearchLimits) -> StepPlan:
    """The plan of a look with a probe: `rate` evenly paced requests/s for `paced_s` seconds after the look."""
    workers = _paced_workers(rate, p95_s, look.lanes, limits)
    return replace(look, workers=workers, paced_tps=rate, paced_s=paced_s)


def _paced_workers(rate: float, p95_s: float, lanes: int, limits: SearchLimits) -> int:
    # By Little's law `rate` x latency requests are in flight; half as many more keep the pace while replies are slow.
    in_flight = max(lanes, 1.5 * rate * max(1.0, p95_s))
    return min(limits.most_workers, math.ceil(in_flight / limits.in_flight_per_worker))
