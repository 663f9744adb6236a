"""The ramp: concurrency grows until the model is saturated, or until another limit ends it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from lambdas.capacity.measurement import Ending
from lambdas.capacity.rates import estimator
from lambdas.capacity.step_checks import LoadTest, limiting_factor
from lambdas.capacity.step_plans import SATURATED_STEP_S, closed_loop_plan
from lambdas.load.counts import StepCounts
from lambdas.load.step import StepPlan

SHORT_STEP_S = 3.0  # length of a ramp step without throttles
LONGER_STEP_S = 5.0  # length of a step that is repeated because the model may queue
LOWER_BOUND_STEP_S = 30.0  # length of the step behind a lower bound
LOWER_BOUND_ENDINGS: tuple[Ending, ...] = ("not-saturated", "account-throttled", "client-limited")
# The model queues if more concurrency raises TPS by less, and the median latency by more, than these factors
# (`bench.constants`, "Doublings").
QUEUE_FACTORS = (1.15, 1.6)
POSSIBLE_QUEUE_FACTORS = (1.4, 1.35)  # a short step with these factors is repeated for LONGER_STEP_S

Rates = tuple[float, float]  # TPS, median latency in s


def ramp(load_test: LoadTest) -> Generator[StepPlan, StepCounts, tuple[Ending, StepCounts, float]]:
    """Run the ramp. Returns its ending, the counts of the last step, and that step's accepted TPS."""
    limits = load_test.limits
    lanes, length_s, after_throttle = limits.start_concurrency, SHORT_STEP_S, False
    previous: Rates | None = None
    while True:
        counts = yield from load_test.run(closed_loop_plan("ramp", lanes, limits, at_least_s=length_s))
        now = estimator.accepted_rate(counts), counts.latency.quantile_s(0.5)
        ending = limiting_factor(counts)
        if ending is None and (saturated := saturated_part(counts)):
            ending, counts = "saturated", saturated
        throttled = sum(counts.throttled) > 0
        if ending is None and not throttled and previous:
            if length_s == SHORT_STEP_S and _is_queuing(previous, now, POSSIBLE_QUEUE_FACTORS):
                length_s = LONGER_STEP_S
                continue
            if _is_queuing(previous, now, QUEUE_FACTORS):
                ending = "latency-bound"
        if ending is None and lanes == limits.max_concurrency and (after_throttle or not throttled):
            ending = "not-saturated"
        if ending in LOWER_BOUND_ENDINGS and counts.seconds < LOWER_BOUND_STEP_S:
            # Burst credit may carry a short step, so a lower bound needs a longer one.
            length_s = LOWER_BOUND_STEP_S
            continue
        if ending is not None:
            return ending, counts, now[0]
        growth = 4 if limits.mode == "quick" and not throttled else 2
        # Only lasting throttles need a long step; lanes that start at the same time may be throttled briefly.
        after_throttle = throttled and (counts.recently_throttled or lanes == limits.max_concurrency)
        length_s = SATURATED_STEP_S if after_throttle else SHORT_STEP_S
        lanes, previous = min(lanes * growth, limits.max_concurrency), now


def saturated_part(counts: StepCounts) -> StepCounts | None:
    """The step if it was saturated, else its part after the first workers ended. Returns None if neither was."""
    longest_s = max(worker.seconds for worker in counts.workers)
    ended_s = max((worker.seconds for worker in counts.workers if worker.seconds < longest_s), default=0.0)
    remaining_workers = [replace(worker, ready_s=ended_s) for worker in counts.workers if worker.seconds == longest_s]
    parts = (counts, replace(counts, workers=remaining_workers)) if ended_s else (counts,)
    return next((part for part in parts if estimator.saturated_seconds(part) is not None), None)


def _is_queuing(before: Rates, now: Rates, factors: tuple[float, float]) -> bool:
    """Whether more concurrency raised the latency instead of the TPS."""
    return now[0] < factors[0] * before[0] and now[1] > factors[1] * before[1]
