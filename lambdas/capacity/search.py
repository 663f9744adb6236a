"""Which step of load comes next, and what all of them together measured.

`measure` is the whole method, top to bottom: *ramp* until the model is saturated, take a *look* at what it carries,
*confirm* just below that, and *look again*, late enough: only what two looks agree on is settled. It is written as a
generator that yields the next step's plan and is sent its counts, so that it reads as it happens. `next_move` replays
a run's history through it: no state is kept anywhere but in the counts.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

from lambdas.capacity import agreement, outcomes
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.other_limits import measure_latency_bound, measure_windowed
from lambdas.capacity.ramp import ramp
from lambdas.capacity.rates import estimator
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.refused_workers import as_refused, lower_bound, without_refused
from lambdas.capacity.saturated import SaturatedModel
from lambdas.capacity.step_checks import LoadTest
from lambdas.capacity.step_plans import SearchLimits
from lambdas.load.counts import StepCounts
from lambdas.load.step import StepPlan

Steps = Generator[StepPlan, StepCounts, Measurement]

CONFIRM_RATIO = 0.95  # of the estimate, paced, must pass without throttles
CONFIRMING = (0.85, 0.975)  # shares of the estimate between which a rate that passed confirms it
PRECISE_HALF_WIDTH = 0.02  # half-width of the interval that `precise` goes on for
PRECISE_STEP_S = 20.0
PRECISE_SATURATED_S = 50.0  # no longer: a model that auto-scales would start to


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
    """The method: ramp, then by what the ramp met: look, confirm and look again, or say why not."""
    test = LoadTest(limits)
    ending, counts, rate = yield from ramp(test)
    if ending == "latency-bound":
        return (yield from measure_latency_bound(test, counts))
    if ending != "saturated":
        return Measurement(ending, counts.plan.lanes, Interval.lower_bound(rate))
    if estimator.is_windowed(estimator.saturated_seconds(counts) or []):
        return (yield from measure_windowed(test, counts))
    model = SaturatedModel(test, counts)
    yield from model.look_first()
    if limits.mode == "quick" or not model.max_tps.estimate:
        return outcomes.measured(model)
    return (yield from _confirm_and_look_again(model))


def _confirm_and_look_again(model: SaturatedModel) -> Steps:
    """Only what two looks agree on, and a confirmation bears out, is settled."""
    yield from model.confirm(CONFIRM_RATIO * model.max_tps.estimate)
    if not model.clean:
        return (yield from _confirm_lower(model))
    if model.paused:
        return outcomes.unsettled(model, outcomes.PAUSED)
    yield from model.look_again()
    if model.carries_more:
        return outcomes.carried_more(model)
    if model.paused:
        return outcomes.unsettled(model, outcomes.PAUSED)
    if model.looks_agree:
        return (yield from _narrow(model))
    yield from model.look_on()
    if not model.looks_agree:
        return outcomes.unsettled(model, outcomes.levels(model))
    if not _is_confirmed(model):
        yield from model.confirm(CONFIRM_RATIO * model.max_tps.estimate)
    return (yield from (_narrow(model) if model.clean else _confirm_lower(model)))


def _confirm_lower(model: SaturatedModel) -> Steps:
    """Throttled below the estimate: did the capacity move, or does the model throttle below its maximum?"""
    before, failed = model.max_tps.estimate, model.paced
    assert failed is not None
    if not failed.sent:
        return outcomes.throttles_below(model)
    share = failed.throttled / failed.sent
    yield from model.confirm_lower(failed.rate * min(0.9, max(0.6, 1 - 2 * share)))
    if not model.looks_agree:
        yield from model.look_on()
        if not model.looks_agree:
            return outcomes.unsettled(model, outcomes.levels(model))
        now = model.max_tps.estimate
        if CONFIRMING[1] * now < failed.rate or before < CONFIRMING[0] * now:
            if not _is_confirmed(model):
                yield from model.confirm(CONFIRM_RATIO * now)
            if model.clean:
                return (yield from _narrow(model))
    lower = model.paced
    assert lower is not None
    yield from _prolong(model)
    if not model.looks_agree:
        return outcomes.unsettled(model, outcomes.levels(model))
    return outcomes.throttles_below(model, failed, lower)


def _is_confirmed(model: SaturatedModel) -> bool:
    """Is the rate that passed just below the estimate?"""
    low, high = (share * model.max_tps.estimate for share in CONFIRMING)
    return model.clean is not None and low <= model.clean.tps <= high


def _narrow(model: SaturatedModel) -> Steps:
    """In precise mode, until the interval is narrow; what is too noisy is not called ok."""
    if model.paused:
        return outcomes.unsettled(model, outcomes.PAUSED)
    if model.probe_contradicts:
        return outcomes.carried_more(model)
    yield from _prolong(model)
    if not model.looks_agree:
        return outcomes.unsettled(model, outcomes.levels(model))
    if agreement.too_noisy(model.level):
        return outcomes.unsettled(model, outcomes.noise(model))
    return outcomes.measured(model, confirmed=True)


def _prolong(model: SaturatedModel) -> Generator[StepPlan, StepCounts, None]:
    """In precise mode, more looks until the interval is narrow."""
    while model.test.limits.mode == "precise" and model.looks_agree:
        seconds = sum(each.seconds for each in model.level) + PRECISE_STEP_S
        narrow = model.max_tps.half_width <= PRECISE_HALF_WIDTH * model.max_tps.estimate
        if narrow or seconds > PRECISE_SATURATED_S:
            return
        yield from model.look_longer(PRECISE_STEP_S)
