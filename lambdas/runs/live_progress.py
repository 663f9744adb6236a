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
    requests, found = requests_row(steps), estimate_so_far(counts_of_series(steps, "main"))
    return LiveProgress(
        accepted=requests.accepted,
        throttled=requests.throttled,
        failed=requests.failed,
        steps=step_rows(steps),
        step=_under_way(len(steps), next_plan, lead_s) if next_plan else None,
        estimate=_estimate(found) if found else None,
    )


def _estimate(found: Interval) -> CurrentEstimate:
    return CurrentEstimate(rounded(found.estimate, 3), rounded(found.low, 3), rounded(found.high, 3))


def _under_way(number: int, plan: StepPlan, lead_s: float) -> CurrentStep:
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
    sound = [counts for counts in history if is_usable(counts)]
    measured = [counts for counts in sound if counts.plan.phase != "confirm"]
    if not measured:
        return None
    last = measured[-1]
    if last.plan.phase == "window":
        return estimator.rate_between_refills(last.accepted[: last.whole_seconds])
    if last.plan.phase == "latency":
        return estimator.interval(replies_by_second(last), noisy=True)
    return _saturated(sound)


def _saturated(sound: Sequence[StepCounts]) -> Interval | None:
    """From the ramp's last step and the later looks: the mean of the last ones that agree, or the last one alone."""
    later = list(takewhile(lambda counts: counts.plan.phase in ("look", "precise", "confirm"), reversed(sound)))
    ramped = saturated_part(sound[-1 - len(later)]) or sound[-1 - len(later)]
    first = look(ramped)
    if first is None or limiting_factor(ramped) is not None or estimator.is_windowed(first.counts):
        return None
    level = [first]
    for seen in map(look, reversed(later)):
        if seen is not None and seen.is_conclusive:
            level = [*level, seen] if agreement.agree(level[-1], seen) else [seen]
    return estimator.widen_by_lost_requests(agreement.pooled_rate(level), ramped.unanswered_tps)
