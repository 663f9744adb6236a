"""The comparison of images: after the answer, one step for each way of sending them and for each size class.

As in the search, only the counts are stored: each call replays the steps that were run. All steps have the same
concurrency, twice the one that saturated the model, so that a variant with slower replies saturates it, too.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from iu_tuner.contract.errors import InternalError
from iu_tuner.contract.output.measured import ImageComparisonOutput
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.step_checks import run_step
from lambdas.capacity.step_plans import closed_loop_plan
from lambdas.capacity.verdicts.account_quota import bounded_by_quota
from lambdas.experiments.image_comparison_output import comparison_output
from lambdas.experiments.image_variants import images_of, source_of
from lambdas.experiments.variant_rate import VariantRate, are_disjoint, rate_variant
from lambdas.load.counts import StepCounts
from lambdas.load.measured_step import COLD_START_LEAD_S, MAX_LEAD_S, MeasuredStep, counts_of_series
from lambdas.load.step import Series, StepPlan
from lambdas.models.registry import facts_of
from lambdas.runs.budget import Remaining
from lambdas.runs.progress import Progress
from lambdas.runs.run import Run

MIN_STEP_S, MIN_QUICK_STEP_S, MAX_STEP_S = 16.0, 12.0, 30.0  # of a step
MIN_REPLIES = 60  # replies that a step aims at; half of them in quick mode
MIN_MEDIAN_LATENCIES = 8  # a step is at least this many median latencies long
AFTER_STEP_S = 25.0  # time for the last replies of a step and for planning the next one


@dataclass
class _State:
    """The state of a comparison: the counts so far, the series that failed, and the next step."""

    counts_by_series: dict[Series, list[StepCounts]] = field(default_factory=dict)
    errors: dict[Series, str] = field(default_factory=dict)
    next_plan: StepPlan | None = None


def next_comparison(
    steps: Sequence[MeasuredStep], run: Run, progress: Progress, measurement: Measurement, remaining: Remaining
) -> StepPlan | None:
    """The next step of the comparison. Returns None if it is complete or impossible, or if no time is left.

    Raises:
        ModelLost: the model answered nothing in a step.
    """
    if not run.compare_images or incomparable_reason(bounded_by_quota(measurement, run.tps_quota)):
        return None
    plan = _replay(steps, run, progress, measurement).next_plan
    return plan if plan and plan.longest_s + MAX_LEAD_S + AFTER_STEP_S <= remaining.seconds else None


def compared_images(
    steps: Sequence[MeasuredStep], run: Run, progress: Progress, measurement: Measurement, remaining: Remaining
) -> ImageComparisonOutput | None:
    """The output's `imageComparison`; None where none was asked for."""
    if not run.compare_images:
        return None
    refused = {image.key for image in progress.refused_images}
    lanes = _lanes(run, measurement)
    measurement = bounded_by_quota(measurement, run.tps_quota)
    if why := incomparable_reason(measurement):
        return comparison_output(run, refused, lanes, {}, dict.fromkeys(("bytes", "s3", "sizes"), why))
    state = _replay(steps, run, progress, measurement)
    rates: dict[Series, VariantRate] = {}
    not_measured: dict[str, str] = {str(series): why for series, why in state.errors.items()}
    for series in dict.fromkeys(_schedule(run, refused)):
        queues = measurement.ending == "latency-bound"
        series_counts = state.counts_by_series.get(series, [])
        rate = rate_variant(series_counts, queues=queues, quota=run.tps_quota, service=facts_of(run.model_arn))
        if isinstance(rate, VariantRate):
            rates[series] = rate
            not_measured.pop(series, None)
        else:
            not_measured.setdefault(series, rate or f"{remaining.limit} leaves no room for it")
    return comparison_output(
        run, refused, lanes, rates, not_measured, capacity_moved=_capacity_drifted(run, refused, rates, measurement)
    )


def min_lead_s(steps: Sequence[MeasuredStep], run: Run, plan: StepPlan) -> float:
    """Minimum seconds before a comparison step starts: a cold start if it needs new workers or reads images."""
    earlier_plans = [step.counts.plan for step in steps]
    has_enough_workers = any(earlier.workers >= plan.workers for earlier in earlier_plans)
    has_images = source_of(run, plan.series) == "s3" or any(
        source_of(run, earlier.series) == "bytes" for earlier in earlier_plans
    )
    return 0.0 if plan.phase != "compare" or (has_enough_workers and has_images) else COLD_START_LEAD_S


def incomparable_reason(measurement: Measurement) -> str | None:
    """The reason why nothing can be compared: the measured rate was not the model's. Returns None if there is none."""
    if measurement.is_windowed:
        return "the model refills its quota in windows of several seconds, longer than the steps of a comparison"
    if measurement.ending in ("saturated", "latency-bound"):
        return None
    return f"the model was not brought to its maximum ({measurement.ending}), and below it all images are carried alike"


def _capacity_drifted(
    run: Run, refused: set[str], rates: Mapping[Series, VariantRate], measurement: Measurement
) -> bool:
    """Whether the capacity drifted, within a step or since the answer (same images, sent the same way)."""
    repeated_rate = rates.get(run.source)
    has_same_images = images_of(run, run.source, refused) == images_of(run, "main", refused)
    max_tps = measurement.max_tps
    if repeated_rate and max_tps and has_same_images and are_disjoint(repeated_rate.max_tps, max_tps):
        return True
    return not all(rate.is_steady for rate in rates.values())


def _replay(steps: Sequence[MeasuredStep], run: Run, progress: Progress, measurement: Measurement) -> _State:
    counts = deque(step.counts for step in steps if step.counts.plan.phase == "compare")
    plan, state = _plan(steps, run, measurement), _State()
    for series in _schedule(run, {image.key for image in progress.refused_images}):
        if series in state.errors:
            continue
        try:
            outcome = _replay_step(replace(plan, series=series), counts)
        except InternalError as error:
            state.errors[series] = error.sentence
            continue
        if isinstance(outcome, StepPlan):
            state.next_plan = outcome
            break
        state.counts_by_series.setdefault(series, []).append(outcome)
    return state


def _schedule(run: Run, refused: set[str]) -> list[Series]:
    """The series in the order of their steps.

    One of two compared variants is measured before and after the other, so that a drift of capacity affects both
    alike. S3 is measured twice, since its first read of an image may be slower. Quick mode measures each once.
    """
    pairs: tuple[Series, ...] = ("s3", "bytes", "s3", "small", "large", "small", "medium")
    order = dict.fromkeys(pairs) if run.mode == "quick" else pairs
    return [series for series in order if images_of(run, series, refused)]


def _replay_step(plan: StepPlan, counts: deque[StepCounts]) -> StepCounts | StepPlan:
    """Replay one step: returns its counts, taken from the front of `counts`, or the plan that must still run."""
    step = run_step(plan)
    try:
        plan = next(step)
        while counts:
            plan = step.send(counts.popleft())
    except StopIteration as done:
        outcome: StepCounts = done.value
        return outcome
    return plan


def _plan(steps: Sequence[MeasuredStep], run: Run, measurement: Measurement) -> StepPlan:
    """The plan of a step that is long enough for a slow model."""
    lanes, limits = _lanes(run, measurement), run.search_limits
    main_steps = [
        c for c in counts_of_series(steps, "main") if c.plan.lanes == measurement.concurrency and not c.plan.paced_tps
    ]
    median_s = max((c.latency.quantile_s(0.5) for c in main_steps), default=0.0)
    rate = measurement.max_tps.estimate if measurement.max_tps else 0.0
    replies = MIN_REPLIES / 2 if limits.mode == "quick" else MIN_REPLIES
    shortest_s = MIN_QUICK_STEP_S if limits.mode == "quick" else MIN_STEP_S
    step_s = max(shortest_s, MIN_MEDIAN_LATENCIES * median_s, replies / rate if rate else 0.0)
    return closed_loop_plan("compare", lanes, limits, at_least_s=float(math.ceil(min(MAX_STEP_S, step_s))))


def _lanes(run: Run, measurement: Measurement) -> int:
    return min(2 * measurement.concurrency, run.max_concurrency)
