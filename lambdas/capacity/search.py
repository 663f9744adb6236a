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
from lambdas.capacity.refused_workers import lower_bound, with_refusal, without_refused_steps
from lambdas.capacity.saturated import SaturatedModel
from lambdas.capacity.step_checks import LoadTest
from lambdas.capacity.step_plans import SearchLimits
from lambdas.load.counts import StepCounts
from lambdas.load.step import StepPlan

Steps = Generator[StepPlan, StepCounts, Measurement]

CONFIRMATION_SHARE = 0.95  # of the estimate: evenly paced, this rate must pass without throttles
CONFIRMING_SHARES = (0.85, 0.975)  # of the estimate: a rate between these shares confirms it if it passes
PRECISE_HALF_WIDTH = 0.02  # of the estimate: half-width of the interval that precise mode aims at
PRECISE_STEP_S = 20.0  # length of an extra look in precise mode
PRECISE_SATURATED_S = 50.0  # maximum length of all looks: a longer overload makes a model auto-scale


def next_move(history: Sequence[StepCounts], limits: SearchLimits) -> StepPlan | Measurement:
    """The plan of the next step after `history`, or the measurement if no step is left.

    Raises:
        ModelLost: the model answered nothing in a step.
        InternalError: more than a tenth of a step's workers were lost, twice; or Lambda refused to run all of them.
    """
    history, limits, refusal = without_refused_steps(history, limits)
    if refusal and limits.most_workers >= refusal.planned_workers:
        return lower_bound(history, refusal)
    steps = measure(limits)
    try:
        plan = next(steps)
        for counts in history:
            plan = steps.send(counts)
    except StopIteration as finished:
        measurement: Measurement = finished.value
        return with_refusal(measurement, refusal) if refusal else measurement
    return plan


def measure(limits: SearchLimits) -> Steps:
    """The method: ramp, and then, depending on its ending, look, confirm and look again, or return a lower bound."""
    load_test = LoadTest(limits)
    ending, counts, rate = yield from ramp(load_test)
    if ending == "latency-bound":
        return (yield from measure_latency_bound(load_test, counts))
    if ending != "saturated":
        return Measurement(ending, counts.plan.lanes, Interval.lower_bound(rate))
    if estimator.is_windowed(estimator.saturated_seconds(counts) or []):
        return (yield from measure_windowed(load_test, counts))
    model = SaturatedModel(load_test, counts)
    yield from model.look_first()
    if limits.mode == "quick" or not model.max_tps.estimate:
        return outcomes.settled_rate(model)
    return (yield from _confirm_and_look_again(model))


def _confirm_and_look_again(model: SaturatedModel) -> Steps:
    """Check the first look by a confirmation and a second look: the result holds if both support it."""
    yield from model.confirm(CONFIRMATION_SHARE * model.max_tps.estimate)
    if not model.clean_rate:
        return (yield from _confirm_lower(model))
    if model.has_paused:
        return outcomes.unsettled_rate(model, outcomes.PAUSE_CLAUSE)
    yield from model.look_again()
    if model.carries_more:
        return outcomes.rate_without_upper_bound(model)
    if model.has_paused:
        return outcomes.unsettled_rate(model, outcomes.PAUSE_CLAUSE)
    if model.looks_agree:
        return (yield from _finish(model))
    yield from model.look_on()
    if not model.looks_agree:
        return outcomes.unsettled_rate(model, outcomes.levels_clause(model))
    if not _is_confirmed(model):
        if (yield from _clean_rate_still_passes(model)):
            return outcomes.rate_without_upper_bound(model)
        yield from model.confirm(CONFIRMATION_SHARE * model.max_tps.estimate)
    return (yield from (_finish(model) if model.clean_rate else _confirm_lower(model)))


def _confirm_lower(model: SaturatedModel) -> Steps:
    """After a failed confirmation, find out if the capacity moved or if the model throttles below its maximum."""
    estimate_before, failed_confirmation = model.max_tps.estimate, model.confirmation
    assert failed_confirmation is not None
    if not failed_confirmation.sent:
        return outcomes.rate_with_throttles_below(model)
    throttled_share = failed_confirmation.throttled / failed_confirmation.sent
    yield from model.confirm_lower(failed_confirmation.rate * min(0.9, max(0.6, 1 - 2 * throttled_share)))
    if not model.looks_agree:
        yield from model.look_on()
        if not model.looks_agree:
            return outcomes.unsettled_rate(model, outcomes.levels_clause(model))
        estimate_now = model.max_tps.estimate
        if (
            CONFIRMING_SHARES[1] * estimate_now < failed_confirmation.rate
            or estimate_before < CONFIRMING_SHARES[0] * estimate_now
        ):
            if not _is_confirmed(model):
                yield from model.confirm(CONFIRMATION_SHARE * estimate_now)
            if model.clean_rate:
                return (yield from _finish(model))
    lower_confirmation = model.confirmation
    assert lower_confirmation is not None
    yield from _prolong(model)
    if not model.looks_agree:
        return outcomes.unsettled_rate(model, outcomes.levels_clause(model))
    measurement = outcomes.rate_with_throttles_below(model, failed_confirmation, lower_confirmation)
    if measurement.clean_rate is None and measurement.max_tps and measurement.max_tps.low > 0:
        # Inference units are sized by the clean rate, so it is worth one more confirmation, at what was accepted.
        yield from model.confirm(CONFIRMATION_SHARE * measurement.max_tps.low)
        measurement = outcomes.rate_with_throttles_below(model, failed_confirmation, lower_confirmation)
    return measurement


def _clean_rate_still_passes(model: SaturatedModel) -> Generator[StepPlan, StepCounts, bool]:
    """Whether a rate that passed before later looks were lower still passes: then overload lowers what is accepted."""
    if model.clean_rate is None or model.clean_rate.tps <= (1 + agreement.AGREEMENT_TOLERANCE) * model.max_tps.estimate:
        return False
    yield from model.confirm(model.clean_rate.tps)
    return model.clean_rate is not None


def _is_confirmed(model: SaturatedModel) -> bool:
    """Whether the rate that passed is just below the estimate."""
    low, high = (share * model.max_tps.estimate for share in CONFIRMING_SHARES)
    return model.clean_rate is not None and low <= model.clean_rate.tps <= high


def _finish(model: SaturatedModel) -> Steps:
    """Finish a search with looks that agree: narrow the interval in precise mode, and reject what is too noisy."""
    if model.has_paused:
        return outcomes.unsettled_rate(model, outcomes.PAUSE_CLAUSE)
    if model.probe_contradicts:
        return outcomes.rate_without_upper_bound(model)
    yield from _prolong(model)
    if not model.looks_agree:
        return outcomes.unsettled_rate(model, outcomes.levels_clause(model))
    if agreement.is_too_noisy(model.agreeing_looks):
        return outcomes.unsettled_rate(model, outcomes.noise_clause(model))
    return outcomes.settled_rate(model, is_confirmed=True)


def _prolong(model: SaturatedModel) -> Generator[StepPlan, StepCounts, None]:
    """Take more looks in precise mode, until the interval is narrow or the looks are long enough."""
    while model.load_test.limits.mode == "precise" and model.looks_agree:
        seconds = sum(each.seconds for each in model.agreeing_looks) + PRECISE_STEP_S
        is_narrow = model.max_tps.half_width <= PRECISE_HALF_WIDTH * model.max_tps.estimate
        if is_narrow or seconds > PRECISE_SATURATED_S:
            return
        yield from model.look_longer(PRECISE_STEP_S)
