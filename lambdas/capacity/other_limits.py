"""Models without a limit per second: those that queue instead of throttling, and those with a quota per long window."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from lambdas.capacity.confirmation import run_paced
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.rates import estimator
from lambdas.capacity.step_checks import LoadTest
from lambdas.capacity.step_plans import closed_loop_plan, confirmation_plan
from lambdas.load.counts import StepCounts
from lambdas.load.step import StepPlan

Steps = Generator[StepPlan, StepCounts, Measurement]

CONFIRMATION_SHARE = 0.95  # first confirmation rate of a windowed quota, as a share of the estimate
QUEUE_CONFIRMATION_SHARE = 0.90  # the same for a model that queues: nearer to its capacity the queue keeps growing
MAX_CONFIRMATIONS = 3  # each slower than the one before
WINDOW_STEP_S = 40.0  # length of the step that counts from refill to refill
LATENCY_STEP_S = 14.0  # length of the step at a model that queues


def measure_windowed(load_test: LoadTest, counts: StepCounts) -> Steps:
    """Measure a quota that is refilled every few seconds: count accepted requests from refill to refill."""
    plan = closed_loop_plan("window", counts.plan.lanes, load_test.limits, at_least_s=WINDOW_STEP_S)
    window_counts = yield from load_test.run(plan)
    accepted = window_counts.accepted[: window_counts.whole_seconds]
    max_tps = estimator.rate_between_refills(accepted)
    measurement = Measurement("saturated", counts.plan.lanes, max_tps, is_windowed=True)
    if max_tps is None or load_test.limits.mode == "quick":
        return measurement
    # The confirmation starts with a new window: it has no drain, and waits long enough for a refill.
    wait_s = estimator.seconds_between_refills(accepted)
    return (yield from _confirm(load_test, measurement, CONFIRMATION_SHARE, counts, wait_s))


def measure_latency_bound(load_test: LoadTest, counts: StepCounts) -> Steps:
    """Measure a model that queues instead of throttling: its capacity is its rate of replies."""
    p50_s = counts.latency.quantile_s(0.5)
    lanes = counts.plan.lanes
    wait_s = min(10.0, max(1.0, 4 * p50_s))
    plan = closed_loop_plan("latency", lanes, load_test.limits, at_least_s=LATENCY_STEP_S, wait_s=wait_s)
    latency_counts = yield from load_test.run(plan)
    replies = replies_by_second(latency_counts)
    measurement = Measurement(
        "latency-bound", lanes, estimator.interval(replies, noisy=True), saturated_counts=tuple(replies)
    )
    if load_test.limits.mode == "quick":
        return measurement
    # There is no drain: it would fill the queue, and the latencies would be those of the backlog.
    return (yield from _confirm(load_test, measurement, QUEUE_CONFIRMATION_SHARE, latency_counts))


def replies_by_second(latency_counts: StepCounts) -> list[int]:
    """The number of replies in each second of a latency step, without the first two seconds."""
    return [*latency_counts.completed, *[0] * int(LATENCY_STEP_S)][2 : int(LATENCY_STEP_S)]


def _confirm(
    load_test: LoadTest, measurement: Measurement, share: float, counts: StepCounts, wait_s: float = 0.0
) -> Steps:
    """Confirm an evenly paced rate just below the estimate, and try a lower one after each that is throttled."""
    if measurement.max_tps is None or not measurement.max_tps.estimate:
        return measurement
    first_rate = rate = share * measurement.max_tps.estimate
    lower_end = measurement.max_tps.low
    p95_s = counts.latency.quantile_s(0.95)
    for _ in range(MAX_CONFIRMATIONS):
        plan = confirmation_plan(rate, p95_s, 1, load_test.limits, wait_s=wait_s)
        confirmation = yield from run_paced(load_test, plan)
        measurement = replace(
            measurement,
            late_share=confirmation.late_share,
            clean_rate=confirmation.clean_rate,
            is_confirmed=confirmation.clean_rate is not None and rate == first_rate,
        )
        if not confirmation.sent or measurement.is_confirmed:
            break
        if confirmation.clean_rate is not None:
            lower_end = min(lower_end, rate)
            break
        lower_end = min(lower_end, confirmation.accepted_tps)
        rate *= min(0.93, max(0.6, 1 - 1.5 * confirmation.throttled / confirmation.sent))
    max_tps = measurement.max_tps
    return replace(measurement, max_tps=replace(max_tps, low=lower_end)) if max_tps else measurement
