"""Models that no rate limits: those that queue without end, and those with a quota for windows of several seconds."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from lambdas.capacity.confirmation import paced_again
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.rates import estimator
from lambdas.capacity.step_checks import LoadTest
from lambdas.capacity.step_plans import closed_loop_plan, paced
from lambdas.load.counts import StepCounts
from lambdas.load.step import StepPlan

Steps = Generator[StepPlan, StepCounts, Measurement]

CONFIRM_RATIO = 0.95  # of the estimate of a windowed quota
LATENCY_CONFIRM_RATIO = 0.90  # the same of a model that queues: closer to its capacity the queue never ends
CONFIRM_ROUNDS = 3
WINDOW_S = 40.0
LATENCY_S = 14.0


def measure_windowed(test: LoadTest, counts: StepCounts) -> Steps:
    """A quota handed out in windows of several seconds: count from refill to refill."""
    plan = closed_loop_plan("window", counts.plan.lanes, test.limits, at_least_s=WINDOW_S)
    longer = yield from test.run(plan)
    seen = longer.accepted[: longer.whole_seconds]
    max_tps = estimator.rate_between_refills(seen)
    found = Measurement("saturated", counts.plan.lanes, max_tps, windowed=True)
    if max_tps is None or test.limits.mode == "quick":
        return found
    # The confirmation starts with a window of its own: no drain, and time for a refill before it.
    wait_s = estimator.seconds_between_refills(seen)
    return (yield from _confirmed(test, found, CONFIRM_RATIO, counts, wait_s))


def measure_latency_bound(test: LoadTest, counts: StepCounts) -> Steps:
    """A model that never throttles queues instead: its capacity is the rate at which answers come."""
    p50_s = (counts.latency.quantile_ms(0.5) or 0.0) / 1000
    lanes = counts.plan.lanes
    wait_s = min(10.0, max(1.0, 4 * p50_s))
    plan = closed_loop_plan("latency", lanes, test.limits, at_least_s=LATENCY_S, wait_s=wait_s)
    steady = yield from test.run(plan)
    answered = answered_seconds(steady)
    found = Measurement("latency-bound", lanes, estimator.interval(answered, noisy=True), saturated=tuple(answered))
    if test.limits.mode == "quick":
        return found
    # A drain would fill the queue, and the latencies would be those of the backlog.
    return (yield from _confirmed(test, found, LATENCY_CONFIRM_RATIO, steady))


def answered_seconds(steady: StepCounts) -> list[int]:
    """Answers in each second of a latency step, without its first two."""
    return [*steady.completed, *[0] * int(LATENCY_S)][2 : int(LATENCY_S)]


def _confirmed(test: LoadTest, found: Measurement, share: float, counts: StepCounts, wait_s: float = 0.0) -> Steps:
    """Evenly paced just below the estimate, lower each time it throttles: is there a rate that passes?"""
    if found.max_tps is None or not found.max_tps.estimate:
        return found
    first_rate = rate = share * found.max_tps.estimate
    low = found.max_tps.low
    p95_s = (counts.latency.quantile_ms(0.95) or 0.0) / 1000
    for _ in range(CONFIRM_ROUNDS):
        seen = yield from paced_again(test, paced(rate, p95_s, 1, test.limits, wait_s=wait_s))
        found = replace(
            found,
            late_share=seen.late_share,
            clean=seen.clean_rate,
            confirmed=seen.clean_rate is not None and rate == first_rate,
        )
        if not seen.sent or found.confirmed:
            break
        if seen.clean_rate is not None:
            low = min(low, rate)
            break
        low = min(low, seen.accepted_tps)
        rate *= min(0.93, max(0.6, 1 - 1.5 * seen.throttled / seen.sent))
    return replace(found, max_tps=replace(found.max_tps, low=low)) if found.max_tps else found
