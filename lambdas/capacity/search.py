"""The search: which step of load comes next, and the measurement after the last one.

`measure` is the whole method, top to bottom: *ramp* until the model is saturated, take a *look* at its rate, *confirm*
just below that, and *look again* later. A result needs two looks that agree. `measure` is a generator that yields the
plan of the next step and is sent its counts, so that its code has the order of events. `next_move` replays a run's
history through it: only the counts are stored.
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

CONFIRM_RATIO = 0.95  # of the estimate: evenly paced, this rate must pass without throttles
CONFIRMING = (0.85, 0.975)  # of the estimate: a rate between these shares confirms it if it passes
PRECISE_HALF_WIDTH = 0.02  # of the estimate: half-width of the interval that precise mode aims at
PRECISE_STEP_S = 20.0  # length of an extra look in precise mode
PRECISE_SATURATED_S = 50.0  # maximum length of all looks: a longer overload makes a model auto-scale


def next_move(history: Sequence[StepCounts], limits: SearchLimits) -> StepPlan | Measurement:
    """The plan of the next step after `history`, or the measurement if no step is left.

    Raises:
        ModelLost: the model answered nothing in a step.
        InternalError: more than a tenth of a step's workers were lost, twice; or Lambda refused to run all of them.
    """
    history, limits, refusal = without_refused(history, limits)
    if refusal and limits.most_workers >= refusal.wanted:
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
    """The method: ramp, and then, depending on its ending, look, confirm and look again, or return a lower bound."""
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
    """Check the first look by a confirmation and a second look: the result holds if both support it."""
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
        if (yield from _passes_above(model)):
            return outcomes.carried_more(model)
        yield from model.confirm(CONFIRM_RATIO * model.max_tps.estimate)
    return (yield from (_narrow(model) if model.clean else _confirm_lower(model)))


def _confirm_lower(model: SaturatedModel) -> Steps:
    """After a failed confirmation, find out if the capacity moved or if the model throttles below its maximum."""
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
    found = outcomes.throttles_below(model, failed, lower)
    if found.clean is None and found.max_tps and found.max_tps.low > 0:
        # Inference units are sized by the clean rate, so it is worth one more confirmation, at what was accepted.
        yield from model.confirm(CONFIRM_RATIO * found.max_tps.low)
        found = outcomes.throttles_below(model, failed, lower)
    return found


def _passes_above(model: SaturatedModel) -> Generator[StepPlan, StepCounts, bool]:
    """Whether a rate that passed before later looks were lower still passes: then overload lowers what is accepted."""
    if model.clean is None or model.clean.tps <= (1 + agreement.AGREEING_SHARE) * model.max_tps.estimate:
        return False
    yield from model.confirm(model.clean.tps)
    return model.clean is not None


def _is_confirmed(model: SaturatedModel) -> bool:
    """Whether the rate that passed is just below the estimate."""
    low, high = (share * model.max_tps.estimate for share in CONFIRMING)
    return model.clean is not None and low <= model.clean.tps <= high


def _narrow(model: SaturatedModel) -> Steps:
    """Finish a search with looks that agree: narrow the interval in precise mode, and reject what is too noisy."""
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
    """Take more looks in precise mode, until the interval is narrow or the looks are long enough."""
    while model.test.limits.mode == "precise" and model.looks_agree:
        seconds = sum(each.seconds for each in model.level) + PRECISE_STEP_S
        narrow = model.max_tps.half_width <= PRECISE_HALF_WIDTH * model.max_tps.estimate
        if narrow or seconds > PRECISE_SATURATED_S:
            return
        yield from model.look_longer(PRECISE_STEP_S)
