"""Models without a limit per second: those that queue instead of throttling, and those with a quota per long window."""

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

CONFIRM_RATIO = 0.95  # first confirmation rate of a windowed quota, as a share of the estimate
LATENCY_CONFIRM_RATIO = 0.90  # the same for a model that queues: nearer to its capacity the queue keeps growing
CONFIRM_ROUNDS = 3  # confirmations at most, each slower than the one before
WINDOW_S = 40.0  # length of the step that counts from refill to refill
LATENCY_S = 14.0  # length of the step at a model that queues


def measure_windowed(test: LoadTest, counts: StepCounts) -> Steps:
    """Measure a quota that is refilled every few seconds: count accepted requests from refill to refill."""
    plan = closed_loop_plan("window", counts.plan.lanes, test.limits, at_least_s=WINDOW_S)
    longer = yield from test.run(plan)
    seen = longer.accepted[: longer.whole_seconds]
    max_tps = estimator.rate_between_refills(seen)
    found = Measurement("saturated", counts.plan.lanes, max_tps, windowed=True)
    if max_tps is None or test.limits.mode == "quick":
        return found
    # The confirmation starts with a new window: it has no drain, and waits long enough for a refill.
    wait_s = estimator.seconds_between_refills(seen)
    return (yield from _confirmed(test, found, CONFIRM_RATIO, counts, wait_s))


def measure_latency_bound(test: LoadTest, counts: StepCounts) -> Steps:
    """Measure a model that queues instead of throttling: its capacity is its rate of replies."""
    p50_s = counts.latency.quantile_s(0.5)
    lanes = counts.plan.lanes
    wait_s = min(10.0, max(1.0, 4 * p50_s))
    plan = closed_loop_plan("latency", lanes, test.limits, at_least_s=LATENCY_S, wait_s=wait_s)
    steady = yield from test.run(plan)
    answered = answered_seconds(steady)
    found = Measurement("latency-bound", lanes, estimator.interval(answered, noisy=True), saturated=tuple(answered))
    if test.limits.mode == "quick":
        return found
    # There is no drain: it would fill the queue, and the latencies would be those of the backlog.
    return (yield from _confirmed(test, found, LATENCY_CONFIRM_RATIO, steady))


def answered_seconds(steady: StepCounts) -> list[int]:
    """The number of replies in each second of a latency step, without the first two seconds."""
    return [*steady.completed, *[0] * int(LATENCY_S)][2 : int(LATENCY_S)]


def _confirmed(test: LoadTest, found: Measurement, share: float, counts: StepCounts, wait_s: float = 0.0) -> Steps:
    """Confirm an evenly paced rate just below the estimate, and try a lower one after each that is throttled."""
    if found.max_tps is None or not found.max_tps.estimate:
        return found
    first_rate = rate = share * found.max_tps.estimate
    low = found.max_tps.low
    p95_s = counts.latency.quantile_s(0.95)
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
