"""Which step of load comes next, and what all of them together measured.

`measure` is the whole method, top to bottom: double the concurrency until the model is saturated,
estimate, confirm just below the estimate. It is written as a generator that yields the next step's
plan and is sent its counts, so that it reads as it happens. `next_move` replays a run's history
through it: no state is kept anywhere but in the counts.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Literal

from lambdas.capacity import estimator
from lambdas.capacity.errors import InternalError, ModelLost
from lambdas.capacity.estimator import Interval
from lambdas.capacity.histogram import LatencyHistogram
from lambdas.capacity.step import SETTLE_S, Phase, StepCounts, StepPlan

Mode = Literal["quick", "standard", "precise"]
Ending = Literal[
    "saturated", "latency-bound", "not-saturated", "account-throttled", "client-limited", "unstable"
]
Steps = Generator[StepPlan, StepCounts, "Measurement"]

SHORT_S = 4.0  # length of a ramp step that meets no throttle
FORCED_S = 16.0  # length of a step that is throttled, or follows a throttled one
QUICK_FORCED_S = 12.0  # the same in quick mode
ALONE_S = 4.0  # a worker that is alone may take so much longer
DRAIN_S = 2.0  # of closed-loop load before a confirmation, to use up burst credit
CONFIRM_SHARE = 0.95  # of the estimate, paced, must pass without throttles
LATENCY_CONFIRM_SHARE = 0.90  # the same of a model that queues: closer to its capacity the queue never ends
CONFIRM_ROUNDS = 3
CLEAN_SHARE = 0.005  # of requests throttled, at most, in a clean confirmation
PRECISE_SHARE = 0.05  # half-width of the interval that `precise` goes on for
PRECISE_STEP_S = 20.0
PRECISE_SATURATED_S = 50.0  # no longer: a model that auto-scales would start to
WINDOW_S = 40.0
LATENCY_S = 14.0
TOLERATED_FAILURES = 0.1  # of a step's requests, by other errors than throttles
TOLERATED_LOSS = 0.1  # of a step's workers
BUSY_SHARE = 0.85  # below it the client, not the model, sets the pace


@dataclass(frozen=True)
class SearchLimits:
    """What the user allows: the mode, total concurrency from start to max, lanes per worker."""

    mode: Mode = "standard"
    start_concurrency: int = 4
    max_concurrency: int = 256
    in_flight_per_worker: int = 8


@dataclass(frozen=True)
class CleanRate:
    """An evenly paced rate that passed: requests sent and throttled at it, and their latencies."""

    tps: float
    sent: int
    throttled: int
    latency: LatencyHistogram

    @property
    def throttle_ratio_below(self) -> float:
        """The throttle ratio that this many clean requests rule out with 95 % confidence."""
        return float(1 - 0.05 ** (1 / self.sent)) if self.sent else 1.0


@dataclass(frozen=True)
class Measurement:
    """What the steps showed. `max_tps` is None when only a quota window longer than the test was seen."""

    ending: Ending
    concurrency: int
    max_tps: Interval | None
    clean: CleanRate | None = None
    confirmed: bool = False
    windowed: bool = False
    late_share: float = 0.0
    saturated: tuple[int, ...] = ()


def next_move(history: Sequence[StepCounts], limits: SearchLimits) -> StepPlan | Measurement:
    """The next step to run after `history`, or the measurement when nothing is left to run.

    Raises:
        ModelLost: a step in which the model answered nothing.
        InternalError: more than a tenth of a step's workers were lost, twice.
    """
    steps = measure(limits)
    try:
        plan = next(steps)
        for counts in history:
            plan = steps.send(counts)
    except StopIteration as finished:
        measurement: Measurement = finished.value
        return measurement
    return plan


def measure(limits: SearchLimits) -> Steps:
    """The method: ramp, then by what the ramp met: estimate and confirm, or say why not."""
    ending, counts, rate = yield from _ramp(limits)
    if ending == "latency-bound":
        return (yield from _measure_latency_bound(counts, limits))
    if ending != "saturated":
        return Measurement(ending, counts.plan.lanes, Interval.lower_bound(rate), _seen_clean(counts, rate))

    seconds = estimator.saturated_seconds(counts) or []
    if estimator.comes_in_windows(seconds):
        return (yield from _measure_windowed(counts, limits))
    if limits.mode == "precise":
        seconds = yield from _prolong(seconds, counts.plan)
    found = Measurement("saturated", counts.plan.lanes, estimator.interval(seconds), saturated=tuple(seconds))
    return found if limits.mode == "quick" else (yield from _confirm(found, CONFIRM_SHARE, counts, limits))


def _ramp(limits: SearchLimits) -> Generator[StepPlan, StepCounts, tuple[Ending, StepCounts, float]]:
    """More concurrency until throttled for long enough; returns the last step and its accepted TPS."""
    lanes, after_throttle, forced_s = limits.start_concurrency, False, _forced_s(limits)
    previous: tuple[float, float] | None = None
    while True:
        counts = yield from _run(
            _closed("ramp", lanes, limits, at_least_s=forced_s if after_throttle else SHORT_S)
        )
        rate = estimator.rate_after_first_second(counts.accepted, counts.whole_seconds)
        ending = _hindrance(counts)
        if ending is None and estimator.saturated_seconds(counts) is not None:
            ending = "saturated"
        throttled = sum(counts.throttled) > 0
        p50 = counts.latency.quantile_ms(0.5) or 0.0
        if ending is None and not throttled and previous and _queues(previous, (rate, p50)):
            ending = "latency-bound"
        if ending is None and lanes == limits.max_concurrency and (after_throttle or not throttled):
            ending = "not-saturated"
        if ending is not None:
            return ending, counts, rate
        growth = 4 if limits.mode == "quick" and not throttled else 2
        # A long step is for lasting throttles, not for those of lanes that all start at once.
        after_throttle = throttled and (counts.throttled_lately or lanes == limits.max_concurrency)
        lanes, previous = min(lanes * growth, limits.max_concurrency), (rate, p50)


def _queues(before: tuple[float, float], now: tuple[float, float]) -> bool:
    """Did more concurrency buy latency instead of TPS? Each argument is (TPS, p50 latency)."""
    return now[0] < 1.15 * before[0] and now[1] > 1.6 * before[1]


def _hindrance(counts: StepCounts) -> Ending | None:
    """What, other than the model's capacity, decided this step."""
    throttled, failed = sum(counts.throttled), sum(counts.failed)
    account = counts.account_limited
    if account >= 3 and account > 0.02 * counts.sent and account >= throttled:
        return "account-throttled"
    if failed - account > TOLERATED_FAILURES * counts.sent:
        return "unstable"
    if not throttled and counts.busy_share < BUSY_SHARE:
        return "client-limited"
    return None


def _run(plan: StepPlan) -> Generator[StepPlan, StepCounts, StepCounts]:
    """One step; a second time when too many of its workers were lost."""
    for _ in range(2):
        counts = yield plan
        if counts.lost_workers <= TOLERATED_LOSS * plan.workers and counts.workers:
            break
    else:
        raise InternalError(
            f"{counts.lost_workers} of {plan.workers} workers of a {plan.phase} step were lost, twice"
            " - look at the logs of the function ApplyLoad"
        )
    if not any(counts.accepted) and not any(counts.throttled) and not counts.account_limited:
        errors = ", ".join(f"{name} x {count}" for name, count in counts.failures.most_common())
        raise ModelLost(
            f"the model answered none of the {counts.sent} requests of a {plan.phase} step ({errors or 'none sent'})"
            " - check that nobody else stops or retrains it, then run again"
        )
    return counts


def _closed(
    phase: Phase, lanes: int, limits: SearchLimits, *, at_least_s: float, wait_s: float = 0
) -> StepPlan:
    """A closed-loop step. Short ramp steps extend themselves when throttled; longer ones are fixed."""
    workers = math.ceil(lanes / limits.in_flight_per_worker)
    extended_s = max(at_least_s, _forced_s(limits)) if phase == "ramp" else at_least_s
    max_s = extended_s + ALONE_S if at_least_s < extended_s and workers == 1 else extended_s
    return StepPlan(phase, lanes, workers, at_least_s, extended_s, max_s, wait_s=wait_s)


def _forced_s(limits: SearchLimits) -> float:
    return QUICK_FORCED_S if limits.mode == "quick" else FORCED_S


def _prolong(seconds: list[int], plan: StepPlan) -> Generator[StepPlan, StepCounts, list[int]]:
    """More saturated seconds at the same concurrency until the interval is narrow."""
    longer = replace(
        plan, phase="precise", base_s=PRECISE_STEP_S, extended_s=PRECISE_STEP_S, max_s=PRECISE_STEP_S
    )
    while (
        estimator.interval(seconds).half_width > PRECISE_SHARE * fmean(seconds)
        and len(seconds) + PRECISE_STEP_S <= PRECISE_SATURATED_S
    ):
        more = estimator.saturated_seconds((yield from _run(longer)))
        if more is None:
            break
        seconds = [*seconds, *more]
    return seconds


def _measure_windowed(counts: StepCounts, limits: SearchLimits) -> Steps:
    """A quota handed out in windows of several seconds: count from refill to refill."""
    longer = yield from _run(_closed("window", counts.plan.lanes, limits, at_least_s=WINDOW_S))
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
    steady = yield from _run(_closed("latency", lanes, limits, at_least_s=LATENCY_S, wait_s=wait_s))
    answered = [*steady.completed, *[0] * int(LATENCY_S)][2 : int(LATENCY_S)]
    found = Measurement("latency-bound", lanes, estimator.interval(answered), saturated=tuple(answered))
    if limits.mode == "quick":
        return replace(found, clean=_seen_clean(steady, fmean(answered)))
    # A drain would fill the queue, and the latencies would be those of the backlog.
    return (yield from _confirm(found, LATENCY_CONFIRM_SHARE, steady, limits, drain_lanes=1))


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
    for round_number in range(CONFIRM_ROUNDS):
        confirmed = yield from _run(_paced(rate, p95_s, drain, wait_s, limits))
        first = int(DRAIN_S + SETTLE_S)
        accepted, throttled = confirmed.accepted[first:], sum(confirmed.throttled[first:])
        sent = sum(accepted) + throttled + sum(confirmed.failed[first:])
        late_share = confirmed.late / max(1, confirmed.latency.count + throttled)
        if not sent:
            break
        if throttled <= CLEAN_SHARE * sent:
            clean = CleanRate(rate, sent, throttled, confirmed.latency)
            low = min(low, rate) if round_number else low
            widened = replace(found.max_tps, low=low)
            return replace(
                found, max_tps=widened, clean=clean, confirmed=round_number == 0, late_share=late_share
            )
        low = min(low, sum(accepted) / (confirmed.plan.paced_s - 1))
        rate *= min(0.93, max(0.6, 1 - 1.5 * throttled / sent))
    return replace(found, max_tps=replace(found.max_tps, low=low), late_share=late_share)


def _paced(rate: float, p95_s: float, drain: int, wait_s: float, limits: SearchLimits) -> StepPlan:
    """Two seconds of closed loop on `drain` lanes, then `rate` evenly paced for 48 requests or so."""
    longest_s, requests = (25.0, 100) if limits.mode == "precise" else (12.0, 48)
    paced_s = min(longest_s, max(8.0, requests / rate))
    in_flight = max(drain, 1.5 * rate * max(1.0, p95_s))
    workers = math.ceil(in_flight / limits.in_flight_per_worker)
    return StepPlan("confirm", drain, workers, DRAIN_S, DRAIN_S, DRAIN_S, rate, paced_s, wait_s)


def _seen_clean(counts: StepCounts, rate: float) -> CleanRate | None:
    """A closed-loop rate at which nothing was throttled, as far as it was seen."""
    if any(counts.throttled) or not rate:
        return None
    return CleanRate(rate, sum(counts.accepted), 0, counts.latency)
