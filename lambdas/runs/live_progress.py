"""The live progress of a run: the current step, the requests so far, and the estimate if there is one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from iu_tuner.contract.output.live_run import CurrentEstimate, CurrentStep, LiveProgress
from iu_tuner.formats import rounded
from lambdas.capacity import agreement
from lambdas.capacity.looks import look
from lambdas.capacity.other_limits import replies_by_second
from lambdas.capacity.ramp import saturated_part
from lambdas.capacity.rates import estimator
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.step_checks import is_usable, limiting_factor
from lambdas.load.counts import StepCounts
from lambdas.load.measured_step import MeasuredStep, counts_of_series
from lambdas.load.step import StepPlan
from lambdas.runs.step_rows import requests_row, step_rows


def live_progress(steps: Sequence[MeasuredStep], next_plan: StepPlan | None, lead_s: float = 0.0) -> LiveProgress:
    """The progress after these steps.

    `next_plan` is the step whose workers start now and send after `lead_s` seconds, or None if there is no further one.
    """
    requests, interval = requests_row(steps), estimate_so_far(counts_of_series(steps, "main"))
    return LiveProgress(
        accepted=requests.accepted,
        throttled=requests.throttled,
        failed=requests.failed,
        steps=step_rows(steps),
        step=_current_step(len(steps), next_plan, lead_s) if next_plan else None,
        estimate=_estimate(interval) if interval else None,
    )


def _estimate(interval: Interval) -> CurrentEstimate:
    return CurrentEstimate(rounded(interval.estimate, 3), rounded(interval.low, 3), rounded(interval.high, 3))


def _current_step(number: int, plan: StepPlan, lead_s: float) -> CurrentStep:
    series = plan.series if plan.series != "main" else None
    is_paced = plan.paced_tps > 0
    return CurrentStep(
        number,
        plan.phase,
        plan.lanes,
        plan.workers,
        series,
        starts_in_seconds=rounded(lead_s + plan.wait_s, 1),
        planned_seconds=rounded(plan.base_s + plan.paced_s, 1),
        longest_seconds=rounded(plan.longest_s, 1),
        paced_seconds=rounded(plan.paced_s, 1) if is_paced else None,
        paced_tps=rounded(plan.paced_tps, 2) if is_paced else None,
    )


def estimate_so_far(history: Sequence[StepCounts]) -> Interval | None:
    """Max TPS (requests/s) from the saturated steps so far. Returns None as long as there is none.

    Steps that were not saturated, or that something else than the model limited, are ignored: their rate is not the
    model's limit.
    """
    usable_steps = [counts for counts in history if is_usable(counts)]
    measured_steps = [counts for counts in usable_steps if counts.plan.phase != "confirm"]
    if not measured_steps:
        return None
    last_step = measured_steps[-1]
    if last_step.plan.phase == "window":
        return estimator.rate_between_refills(last_step.accepted[: last_step.whole_seconds])
    if last_step.plan.phase == "latency":
        return estimator.interval(replies_by_second(last_step), noisy=True)
    return _saturated(usable_steps)


def _saturated(usable_steps: Sequence[StepCounts]) -> Interval | None:
    """From the ramp's last step and the later looks: the mean of the last ones that agree, or the last one alone."""
    later_looks = list(
        takewhile(lambda counts: counts.plan.phase in ("look", "precise", "confirm"), reversed(usable_steps))
    )
    ramp_step = saturated_part(usable_steps[-1 - len(later_looks)]) or usable_steps[-1 - len(later_looks)]
    first_look = look(ramp_step)
    if first_look is None or limiting_factor(ramp_step) is not None or estimator.is_windowed(first_look.counts):
        return None
    level = [first_look]
    for later_look in map(look, reversed(later_looks)):
        if later_look is not None and later_look.is_conclusive:
            level = [*level, later_look] if agreement.agree(level[-1], later_look) else [later_look]
    return estimator.widen_by_lost_requests(agreement.pooled_rate(level), ramp_step.unanswered_tps)
