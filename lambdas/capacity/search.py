"""Which step of load comes next, and what all of them together measured.

`measure` is the whole method, top to bottom: double the concurrency until the model is saturated,
estimate, confirm just below the estimate. It is written as a generator that yields the next step's
plan and is sent its counts, so that it reads as it happens. `next_move` replays a run's history
through it: no state is kept anywhere but in the counts.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from itertools import chain

from lambdas.capacity import estimator
from lambdas.capacity.estimator import Interval
from lambdas.capacity.measurement import CleanRate, Ending, Measurement
from lambdas.capacity.plans import DRAIN_S, SearchLimits, closed_loop, forced_s, paced
from lambdas.capacity.refused_workers import as_refused, lower_bound, without_refused
from lambdas.capacity.soundness import hindrance, run_step
from lambdas.capacity.step import SETTLE_S, StepCounts, StepPlan

Steps = Generator[StepPlan, StepCounts, Measurement]

SHORT_S = 4.0  # length of a ramp step that meets no throttle
HOLD_S = 30.0  # length of the step that a lower bound is from
LOWER_BOUNDS: tuple[Ending, ...] = ("not-saturated", "account-throttled", "client-limited")
CONFIRM_SHARE = 0.95  # of the estimate, paced, must pass without throttles
LATENCY_CONFIRM_SHARE = 0.90  # the same of a model that queues: closer to its capacity the queue never ends
CONFIRM_ROUNDS = 3
TOLERATED_LATE = 0.01  # of a confirmation's requests, sent late: with more, throttles are looked at again
CLEAN_SHARE = 0.005  # of requests throttled, at most, in a clean confirmation
PRECISE_SHARE = 0.02  # half-width of the interval that `precise` goes on for
PRECISE_STEP_S = 20.0
PRECISE_SATURATED_S = 50.0  # no longer: a model that auto-scales would start to
WINDOW_S = 40.0
LATENCY_S = 14.0


def next_move(history: Sequence[StepCounts], limits: SearchLimits) -> StepPlan | Measurement:
    """The next step to run after `history`, or the measurement when nothing is left to run.

    Raises:
        ModelLost: a step in which the model answered nothing.
        InternalError: more than a tenth of a step's workers were lost, twice; or Lambda refused to run all of them.
    """
    history, limits, refusal, is_over = without_refused(history, limits)
    if refusal and is_over:
        return lower_bound(history, refusal)
    steps = measure(limits)
    try:
        plan = next(steps)
        for counts in history:
            plan = steps.send(counts)
    except StopIteration as finished:
        measurement: Measurement = finished.value
        return as_refused(measurement, refusal) if refusal else measurement
    return plan


def measure(limits: SearchLimits) -> Steps:
    """The method: ramp, then by what the ramp met: estimate and confirm, or say why not."""
    ending, counts, rate = yield from _ramp(limits)
    if ending == "latency-bound":
        return (yield from _measure_latency_bound(counts, limits))
    if ending != "saturated":
        return Measurement(ending, counts.plan.lanes, Interval.lower_bound(rate))

    segments = [estimator.saturated_seconds(counts) or []]
    if estimator.comes_in_windows(segments[0]):
        return (yield from _measure_windowed(counts, limits))
    if limits.mode == "precise":
        yield from _prolong(segments, counts.plan)
    max_tps = estimator.with_unanswered(estimator.pooled(segments), counts.unanswered_tps)
    found = Measurement("saturated", counts.plan.lanes, max_tps, saturated=tuple(chain(*segments)))
    return found if limits.mode == "quick" else (yield from _confirm(found, CONFIRM_SHARE, counts, limits))


def _ramp(limits: SearchLimits) -> Generator[StepPlan, StepCounts, tuple[Ending, StepCounts, float]]:
    """More concurrency until throttled for long enough; returns the last step and its accepted TPS."""
    lanes, length_s, after_throttle = limits.start_concurrency, SHORT_S, False
    previous: tuple[float, float] | None = None
    while True:
        counts = yield from run_step(closed_loop("ramp", lanes, limits, at_least_s=length_s))
        rate = estimator.accepted_rate(counts)
        ending = hindrance(counts)
        if ending is None and estimator.saturated_seconds(counts) is not None:
            ending = "saturated"
        throttled = sum(counts.throttled) > 0
        p50 = counts.latency.quantile_ms(0.5) or 0.0
        if ending is None and not throttled and previous and _queues(previous, (rate, p50)):
            ending = "latency-bound"
        if ending is None and lanes == limits.max_concurrency and (after_throttle or not throttled):
            ending = "not-saturated"
        if ending in LOWER_BOUNDS and counts.seconds < HOLD_S:
            # Seconds may live on burst credit: a lower bound is what the model carries for longer.
            length_s = HOLD_S
            continue
        if ending is not None:
            return ending, counts, rate
        growth = 4 if limits.mode == "quick" and not throttled else 2
        # A long step is for lasting throttles, not for those of lanes that all start at once.
        after_throttle = throttled and (counts.throttled_lately or lanes == limits.max_concurrency)
        length_s = forced_s(limits) if after_throttle else SHORT_S
        lanes, previous = min(lanes * growth, limits.max_concurrency), (rate, p50)


def _queues(before: tuple[float, float], now: tuple[float, float]) -> bool:
    """Did more concurrency buy latency instead of TPS? Each argument is (TPS, p50 latency)."""
    return now[0] < 1.15 * before[0] and now[1] > 1.6 * before[1]


def _prolong(segments: list[list[int]], plan: StepPlan) -> Generator[StepPlan, StepCounts, None]:
    """More saturated seconds at the same concurrency, added to `segments` until the interval is narrow."""
    longer = replace(
        plan, phase="precise", base_s=PRECISE_STEP_S, extended_s=PRECISE_STEP_S, max_s=PRECISE_STEP_S
    )
    while sum(map(len, segments)) + PRECISE_STEP_S <= PRECISE_SATURATED_S:
        so_far = estimator.pooled(segments)
        if so_far.half_width <= PRECISE_SHARE * so_far.estimate:
            return
        more = estimator.saturated_seconds((yield from run_step(longer)))
        if more is None:
            return
        segments.append(more)


def _measure_windowed(counts: StepCounts, limits: SearchLimits) -> Steps:
    """A quota handed out in windows of several seconds: count from refill to refill."""
    longer = yield from run_step(closed_loop("window", counts.plan.lanes, limits, at_least_s=WINDOW_S))
    max_tps = estimator.rate_between_refills(longer.accepted[: longer.whole_seconds])
    found = Measurement("saturated", counts.plan.lanes, max_tps, windowed=True)
    if max_tps is None or limits.mode == "quick":
        return found
    # The confirmation starts with a window of its own: no drain, and time for a refill before it.
    wait_s = estimator.seconds_between_refills(longer.accepted[: longer.whole_seconds])
    return (yield from _confirm(found, CONFIRM_SHARE, counts, limits, drain_lanes=1, wait_s=wait_s))


def _measure_latency_bound(counts: StepCounts, limits: SearchLimits) -> Steps:
    """A model that never throttles queues instead: its capacity is the rate at which answers come."""
    p50_s = (counts.latency.quantile_ms(0.5) or 0.0) / 1000
    lanes = counts.plan.lanes
    wait_s = min(10.0, max(1.0, 4 * p50_s))
    steady = yield from run_step(closed_loop("latency", lanes, limits, at_least_s=LATENCY_S, wait_s=wait_s))
    answered = answered_seconds(steady)
    found = Measurement("latency-bound", lanes, estimator.interval(answered), saturated=tuple(answered))
    if limits.mode == "quick":
        return found
    # A drain would fill the queue, and the latencies would be those of the backlog.
    return (yield from _confirm(found, LATENCY_CONFIRM_SHARE, steady, limits, drain_lanes=1))


def answered_seconds(steady: StepCounts) -> list[int]:
    """Answers in each second of a latency step, without its first two."""
    return [*steady.completed, *[0] * int(LATENCY_S)][2 : int(LATENCY_S)]


def _confirm(
    found: Measurement,
    share: float,
    counts: StepCounts,
    limits: SearchLimits,
    *,
    drain_lanes: int | None = None,
    wait_s: float = 0.0,
) -> Steps:
    """Evenly paced just below the estimate, lower each time it throttles: is there a rate that passes?"""
    if found.max_tps is None or not found.max_tps.estimate:
        return found
    drain = drain_lanes or min(2 * found.concurrency, limits.max_concurrency)
    rate, low = share * found.max_tps.estimate, found.max_tps.low
    p95_s = (counts.latency.quantile_ms(0.95) or 0.0) / 1000
    first_rate, repeated = rate, False
    for _ in range(CONFIRM_ROUNDS):
        counts = yield from run_step(paced(rate, p95_s, drain, wait_s, limits))
        first = int(DRAIN_S + SETTLE_S)
        accepted, throttled = counts.accepted[first:], sum(counts.throttled[first:])
        sent = sum(accepted) + throttled + sum(counts.failed[first:])
        late_share = counts.late / max(1, counts.latency.count + throttled)
        if not sent:
            break
        if throttled <= CLEAN_SHARE * sent:
            clean = CleanRate(rate, sent, throttled, counts.latency)
            confirmed = rate == first_rate
            widened = replace(found.max_tps, low=low if confirmed else min(low, rate))
            return replace(found, max_tps=widened, clean=clean, confirmed=confirmed, late_share=late_share)
        if late_share > TOLERATED_LATE and not repeated:
            repeated = True  # unevenly sent: the throttles may be the client's own doing
            continue
        low = min(low, sum(accepted) / (counts.plan.paced_s - 1))
        rate *= min(0.93, max(0.6, 1 - 1.5 * throttled / sent))
    return replace(found, max_tps=replace(found.max_tps, low=low), late_share=late_share)
