"""The scaling check: a second measurement with twice the inference units shows whether capacity grows in proportion.

Linear scaling is usually assumed, here too, but it is not guaranteed. The check is optional: if it gives no result,
the output says why, and the answer of the first measurement stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot

from iu_tuner.contract.choices import EXPECTED_MINUTES
from iu_tuner.contract.output.measured import ScalingOutput
from iu_tuner.contract.output.result import MeasuredVerdict
from iu_tuner.formats import rounded
from lambdas.capacity import search
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.step_plans import SearchLimits
from lambdas.capacity.verdicts.verdict import judge
from lambdas.load.measured_step import MeasuredStep, counts_of_series
from lambdas.load.step import StepPlan
from lambdas.models.registry import facts_of
from lambdas.models.tariff import Tariff, UnitsQuota
from lambdas.planning.sizing import ReducedRate
from lambdas.runs.budget import EXPECTED_START_MINUTES
from lambdas.runs.progress import Progress
from lambdas.runs.run import Run
from lambdas.runs.step_rows import interval_row

# With these verdicts the rate is not one that the inference units decide, so there is nothing to compare.
_INCOMPARABLE_VERDICTS: tuple[MeasuredVerdict, ...] = ("unstable", "account-throttled", "windowed-quota")
_ASSUMPTION = "that capacity grows in proportion to the inference units stays an assumption"


@dataclass(frozen=True)
class RestartWith:
    """Before the next step the model must run with this number of inference units."""

    inference_units: int


@dataclass(frozen=True)
class ScalingSkipped:
    """The reason why there is no second measurement."""

    why: str


@dataclass(frozen=True)
class ScalingResult:
    """The result of the scaling check. `units` is None if it did not come to an end; then `detail` says why."""

    detail: str
    units: int | None = None
    verdict: MeasuredVerdict | None = None
    max_tps: Interval | None = None
    efficiency: Interval | None = None
    reduced_rate: ReducedRate | None = None  # where growth is clearly less than proportional
    reasons: tuple[str, ...] = ()  # for the recommendation

    def as_output(self) -> ScalingOutput:
        """`scaling` of the output."""
        tps, share = self.max_tps, self.efficiency
        return ScalingOutput(
            inference_units=self.units,
            verdict=self.verdict,
            max_tps=interval_row(tps) if tps else None,
            tps_per_inference_unit=rounded(tps.estimate / self.units, 3) if tps and self.units else None,
            efficiency=interval_row(share, confidence=None) if share else None,
            detail=self.detail,
        )


def units_to_verify(units: int, quota: UnitsQuota | None) -> int | None:
    """The inference units of the second measurement. Returns None if it is not wanted or exceeds the quota."""
    return 2 * units if quota is not None and 2 * units <= quota.units else None


def next_move(
    run: Run, progress: Progress, first_measurement: Measurement, steps: Sequence[MeasuredStep], now: float
) -> StepPlan | RestartWith | ScalingSkipped | None:
    """The next step after `first_measurement`. Returns None if nothing is left to do.

    Raises:
        ModelLost, InternalError: as the search does.
    """
    if run.scaling_quota is None or progress.scaling_error is not None:
        return None
    if progress.units_wanted is None:
        why = _obstacle(run, progress, first_measurement, run.scaling_quota, now)
        return ScalingSkipped(why) if why else RestartWith(2 * run.inference_units)
    if not any(step.counts.plan.series == "scaling" for step in steps):
        return RestartWith(progress.units_wanted)  # requested again: the reply to the first request got lost
    move = search.next_move(counts_of_series(steps, "scaling"), _limits(run, first_measurement))
    return replace(move, series="scaling") if isinstance(move, StepPlan) else None


def scaling_of(
    run: Run, progress: Progress, first_measurement: Measurement, steps: Sequence[MeasuredStep]
) -> ScalingResult:
    """The result of the second measurement that the input asked for."""
    units = progress.units_wanted
    if progress.scaling_error is not None or units is None:
        return _not_measured(units, progress.scaling_error or "the run did not come to it")
    second_measurement = search.next_move(counts_of_series(steps, "scaling"), _limits(run, first_measurement))
    if isinstance(second_measurement, StepPlan):
        return _not_measured(units, "it has not come to its end")
    service = facts_of(run.model_arn)
    verdict = judge(second_measurement, quick=run.mode == "quick", quota=run.tps_quota, service=service)
    first_tps, second_tps = first_measurement.max_tps, second_measurement.max_tps
    if not (first_tps and second_tps and second_tps.estimate) or verdict.word in _INCOMPARABLE_VERDICTS:
        return _not_measured(units, f"no rate to compare was found ({verdict.word}). {verdict.detail}")
    share = efficiency(first_tps.per_unit(run.inference_units), second_tps.per_unit(units))
    return _with_detail(ScalingResult("", units, verdict.word, second_tps, share), run.inference_units)


def efficiency(base: Interval, larger: Interval) -> Interval:
    """TPS per unit of the second measurement divided by that of the first; 1 means proportional growth.

    The measurements are independent, so their relative errors add up as squares. If `larger` has no upper end, the
    ratio has none.
    """
    share = larger.estimate / base.estimate
    base_high = base.estimate if base.high is None else base.high
    relative_error = hypot(1 - larger.low / larger.estimate, base_high / base.estimate - 1)
    high = None
    if larger.high is not None:
        high = share * (1 + hypot(larger.high / larger.estimate - 1, 1 - base.low / base.estimate))
    return Interval(share, max(0.0, share * (1 - relative_error)), high)


def _limits(run: Run, first_measurement: Measurement) -> SearchLimits:
    # A concurrency below the one that saturated the first model could not saturate this one.
    return replace(run.search_limits, start_concurrency=first_measurement.concurrency)


def _obstacle(
    run: Run, progress: Progress, first_measurement: Measurement, quota: UnitsQuota, now: float
) -> str | None:
    """The reason why a second measurement is impossible or useless; None if there is none."""
    word = judge(first_measurement, quick=run.mode == "quick", quota=run.tps_quota).word
    tps = first_measurement.max_tps
    if tps is None or tps.high is None or not tps.estimate or word in _INCOMPARABLE_VERDICTS:
        return f"the first measurement ({word}) gave no rate to compare with"
    if run.auto_scales_to is not None:
        return (
            f"the model scales by itself up to {run.auto_scales_to},"
            " so the number of units behind the measured rate is unknown"
        )
    if run.other_traffic is not None and run.other_traffic.requests:
        return "the model serves others, whom a restart would cut off"
    if units_to_verify(run.inference_units, quota) is None:
        return f"one model may start with {quota.units} inference units ({quota.source})"
    doubled_rate = Interval(2 * tps.estimate, 2 * tps.low, 2 * tps.high)
    if run.tps_quota is not None and run.tps_quota.is_applied and run.tps_quota.may_limit(doubled_rate):
        quota_phrase = run.tps_quota.phrase(facts_of(run.model_arn))
        return f"twice {tps.estimate:.2f} TPS do not fit behind {quota_phrase}: raise it in Service Quotas"
    minutes, elapsed_minutes = EXPECTED_MINUTES[run.mode], (now - run.started_epoch) / 60
    restart_minutes = _start_minutes(progress)
    if elapsed_minutes + restart_minutes + minutes > run.max_minutes:
        return (
            f"the run has taken {elapsed_minutes:.1f} minutes, and about {restart_minutes + minutes:.1f} more for a"
            f" restart and the measurement are beyond limits.maxMinutes = {run.max_minutes:g}"
        )
    second_tariff = Tariff(2 * run.inference_units, run.usd_per_unit_hour)
    usd = run.spent_usd(progress, now) + second_tariff.usd(60 * minutes)
    if usd > run.max_usd:
        return f"the model would have cost about ${usd:.2f}, beyond limits.maxCostUsd = {run.max_usd:g}"
    return None


def _start_minutes(progress: Progress) -> float:
    """Minutes that the model took to start in this run, or the usual minutes if the run did not start it."""
    if not progress.start_attempts or progress.running_since is None or progress.first_look_at is None:
        return EXPECTED_START_MINUTES
    return (progress.running_since - progress.first_look_at) / 60


def _not_measured(units: int | None, why: str) -> ScalingResult:
    at_units = "with more inference units" if units is None else f"at {units} inference units"
    return ScalingResult(f"Not measured {at_units}: {why.rstrip('.')}; {_ASSUMPTION}.")


def _with_detail(result: ScalingResult, base_units: int) -> ScalingResult:
    """The result with its sentence, and with what it changes in the recommendation."""
    tps, share, units = result.max_tps, result.efficiency, result.units
    assert tps is not None
    assert share is not None
    assert units is not None
    reduced_rate = None
    if share.high is None:
        share_clause = f"at least {100 * share.estimate:.0f} %"
        meaning = "no limit of the model was met, so the recommendation goes on assuming proportion"
    else:
        share_clause = f"{100 * share.estimate:.0f} % ({100 * share.low:.0f} to {100 * share.high:.0f} %)"
        meaning = "in proportion, within the intervals, as the recommendation assumes"
        if share.low > 1:
            meaning = "more than in proportion, which the recommendation assumes, to be on the safe side"
        if share.high < 1:
            reduced_rate = ReducedRate(base_units, tps.per_unit(units))
            meaning = f"more than {base_units} are planned with {reduced_rate.per_unit.estimate:.2f} TPS each"
    rate_clause = f"{tps.estimate:.2f} TPS, {share_clause} of twice what {base_units} carried"
    sentence = f"Measured at {units} inference units: {rate_clause}: {meaning}; beyond {units}, {_ASSUMPTION}"
    return replace(result, detail=f"{sentence}.", reduced_rate=reduced_rate, reasons=(sentence,))
