"""A second measurement with twice the inference units: does capacity grow in proportion to them?

That it does is what everybody reckons with, this tuner included, and what a model need not do. The second
measurement is an extra: whatever comes between it and a result is told, and the answer stands without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot
from typing import Any

from iu_tuner.formats import rounded
from lambdas.capacity import search
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.step_plans import SearchLimits
from lambdas.capacity.verdicts.verdict import Word, judge
from lambdas.load.measured_step import MeasuredStep, load_of
from lambdas.load.step import StepPlan
from lambdas.models.registry import facts_of
from lambdas.models.tariff import Tariff, UnitsQuota
from lambdas.planning.recommendation import ReducedRate
from lambdas.runs.budget import EXPECTED_MINUTES, EXPECTED_START_MINUTES
from lambdas.runs.progress import Progress
from lambdas.runs.run import Run
from lambdas.runs.step_rows import interval_row

# Rates that the inference units do not decide, or that moved: nothing can be compared with them.
_INCOMPARABLE: tuple[Word, ...] = ("unstable", "account-throttled", "windowed-quota")
_ASSUMED = "that capacity grows in proportion to the inference units stays an assumption"


@dataclass(frozen=True)
class Restart:
    """The model has to run with so many inference units before the next step."""

    inference_units: int


@dataclass(frozen=True)
class ScalingSkipped:
    """There is no second measurement, and why."""

    why: str


@dataclass(frozen=True)
class Scaling:
    """What the second measurement says; without `units` it has not come to an end, and `detail` says why."""

    detail: str
    units: int | None = None
    verdict: Word | None = None
    max_tps: Interval | None = None
    efficiency: Interval | None = None
    more: ReducedRate | None = None  # where growth is clearly less than proportional
    reasons: tuple[str, ...] = ()  # for the recommendation

    def as_output(self) -> dict[str, Any]:
        """`scaling` of the output."""
        tps, share = self.max_tps, self.efficiency
        return {
            "inferenceUnits": self.units,
            "verdict": self.verdict,
            "maxTps": interval_row(tps) if tps else None,
            "tpsPerInferenceUnit": rounded(tps.estimate / self.units, 3) if tps and self.units else None,
            "efficiency": {
                "estimate": rounded(share.estimate, 3),
                "low": rounded(share.low, 3),
                "high": rounded(share.high, 3),
            }
            if share
            else None,
            "detail": self.detail,
        }


def units_to_verify(units: int, quota: UnitsQuota | None) -> int | None:
    """Inference units of a second measurement, after one with `units`; None: not wanted, or over the quota."""
    return 2 * units if quota is not None and 2 * units <= quota.units else None


def next_move(
    run: Run, progress: Progress, first: Measurement, steps: Sequence[MeasuredStep], now: float
) -> StepPlan | Restart | ScalingSkipped | None:
    """What comes after the `first` measurement; None: nothing, or nothing any more.

    Raises:
        ModelLost, InternalError: as the search does.
    """
    if run.scaling_quota is None or progress.scaling_error is not None:
        return None
    if progress.units_wanted is None:
        why = _obstacle(run, progress, first, run.scaling_quota, now)
        return ScalingSkipped(why) if why else Restart(2 * run.inference_units)
    if not any(step.counts.plan.series == "scaling" for step in steps):
        return Restart(progress.units_wanted)  # asked for once more: the first time, the answer got lost
    move = search.next_move(load_of(steps, "scaling"), _limits(run, first))
    return replace(move, series="scaling") if isinstance(move, StepPlan) else None


def scaling_of(run: Run, progress: Progress, first: Measurement, steps: Sequence[MeasuredStep]) -> Scaling:
    """What came of the second measurement that the run was asked for."""
    units = progress.units_wanted
    if progress.scaling_error is not None or units is None:
        return _not_measured(units, progress.scaling_error or "the run did not come to it")
    second = search.next_move(load_of(steps, "scaling"), _limits(run, first))
    if isinstance(second, StepPlan):
        return _not_measured(units, "it has not come to its end")
    service = facts_of(run.model_arn)
    verdict = judge(second, quick=run.mode == "quick", quota=run.tps_quota, service=service)
    if not (first.max_tps and second.max_tps and second.max_tps.estimate) or verdict.word in _INCOMPARABLE:
        return _not_measured(units, f"no rate to compare was found ({verdict.word}). {verdict.detail}")
    share = efficiency(first.max_tps.per_unit(run.inference_units), second.max_tps.per_unit(units))
    return _judged(Scaling("", units, verdict.word, second.max_tps, share), run.inference_units)


def efficiency(one: Interval, more: Interval) -> Interval:
    """TPS per inference unit of `more` units in shares of those of `one` measurement before; 1 is proportional.

    Both are measured independently of each other, so their relative errors add up as squares: the low end is as
    far off as `more` may be lower and `one` higher, and the other way round. Without an upper end of `more`, there
    is none of the share.
    """
    share = more.estimate / one.estimate
    one_high = one.estimate if one.high is None else one.high
    below = hypot(1 - more.low / more.estimate, one_high / one.estimate - 1)
    high = None
    if more.high is not None:
        high = share * (1 + hypot(more.high / more.estimate - 1, 1 - one.low / one.estimate))
    return Interval(share, max(0.0, share * (1 - below)), high)


def _limits(run: Run, first: Measurement) -> SearchLimits:
    # Fewer requests in flight than saturated the fewer units would teach nothing.
    return replace(run.search_limits, start_concurrency=first.concurrency)


def _obstacle(run: Run, progress: Progress, first: Measurement, quota: UnitsQuota, now: float) -> str | None:
    """Why the second measurement can't be made, or would say nothing."""
    word = judge(first, quick=run.mode == "quick", quota=run.tps_quota).word
    tps = first.max_tps
    if tps is None or tps.high is None or not tps.estimate or word in _INCOMPARABLE:
        return f"the first measurement ({word}) gave no rate to compare with"
    if run.auto_scales_to is not None:
        return f"the model scales by itself up to {run.auto_scales_to}, so nobody knows what its rate is the rate of"
    if run.other_traffic is not None and run.other_traffic.requests:
        return "the model serves others, whom a restart would cut off"
    if units_to_verify(run.inference_units, quota) is None:
        return f"one model may start with {quota.units} inference units ({quota.source})"
    twice = Interval(2 * tps.estimate, 2 * tps.low, 2 * tps.high)
    if run.tps_quota is not None and run.tps_quota.is_applied and run.tps_quota.may_limit(twice):
        quota_named = run.tps_quota.named(facts_of(run.model_arn))
        return f"twice {tps.estimate:.2f} TPS do not fit behind {quota_named}: raise it in Service Quotas"
    minutes, elapsed = EXPECTED_MINUTES[run.mode], (now - run.started_epoch) / 60
    restart = _start_minutes(progress)
    if elapsed + restart + minutes > run.max_minutes:
        return (
            f"the run has taken {elapsed:.1f} minutes, and about {restart + minutes:.1f} more for a restart and the "
            f"measurement are beyond limits.maxMinutes = {run.max_minutes:g}"
        )
    second = Tariff(2 * run.inference_units, run.usd_per_unit_hour)
    usd = run.spent_usd(progress, now) + second.usd(60 * minutes)
    if usd > run.max_usd:
        return f"the model would have cost about ${usd:.2f}, beyond limits.maxCostUsd = {run.max_usd:g}"
    return None


def _start_minutes(progress: Progress) -> float:
    """How long the model took to start in this run; what is usual, where the run has not seen it."""
    if not progress.start_attempts or progress.running_since is None or progress.first_look_at is None:
        return EXPECTED_START_MINUTES
    return (progress.running_since - progress.first_look_at) / 60


def _not_measured(units: int | None, why: str) -> Scaling:
    at = "with more inference units" if units is None else f"at {units} inference units"
    return Scaling(f"Not measured {at}: {why.rstrip('.')}; {_ASSUMED}.")


def _judged(found: Scaling, tested: int) -> Scaling:
    """With the words for it, and what the recommendation makes of it."""
    tps, share, units = found.max_tps, found.efficiency, found.units
    assert tps is not None
    assert share is not None
    assert units is not None
    more = None
    if share.high is None:
        of_twice = f"at least {100 * share.estimate:.0f} %"
        means = "no limit of the model was met, so the recommendation goes on assuming proportion"
    else:
        of_twice = f"{100 * share.estimate:.0f} % ({100 * share.low:.0f} to {100 * share.high:.0f} %)"
        means = "in proportion, within the intervals, as the recommendation assumes"
        if share.low > 1:
            means = "more than in proportion, which the recommendation assumes, to be on the safe side"
        if share.high < 1:
            more = ReducedRate(tested, tps.per_unit(units))
            means = f"more than {tested} are reckoned with {more.per_unit.estimate:.2f} TPS each"
    measured = f"{tps.estimate:.2f} TPS, {of_twice} of twice what {tested} carried"
    sentence = f"Measured at {units} inference units: {measured}: {means}; beyond {units}, {_ASSUMED}"
    return replace(found, detail=f"{sentence}.", more=more, reasons=(sentence,))
