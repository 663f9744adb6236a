"""Steps whose workers Lambda did not all run: the search goes on with the number of workers that it did run.

Lambda refuses a worker if the concurrent executions of the account, or those reserved for ApplyLoad, are used up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lambdas.capacity.measurement import Measurement, WorkerRefusal
from lambdas.capacity.rates import estimator
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.step_checks import has_refused_workers, is_usable
from lambdas.capacity.step_plans import SearchLimits
from lambdas.load.counts import StepCounts


def without_refused_steps(
    history: Sequence[StepCounts], limits: SearchLimits
) -> tuple[list[StepCounts], SearchLimits, WorkerRefusal | None]:
    """The history without steps that were refused twice, the remaining limits, and the last refusal or None.

    `most_workers` of the limits is the largest number that Lambda ran. If it is not below the number that was refused,
    the search can't avoid another refusal.
    """
    kept_steps: list[StepCounts] = []
    refusal = None
    for counts in history:
        is_repetition = bool(kept_steps) and kept_steps[-1].plan == counts.plan and not is_usable(kept_steps[-1])
        given_workers = counts.plan.workers - counts.lost_workers
        if not (is_repetition and given_workers and has_refused_workers(counts)):
            kept_steps.append(counts)
            continue
        kept_steps.pop()
        refusal = WorkerRefusal(counts.plan.workers, given_workers)
        workers = max([given_workers, *(step.plan.workers for step in kept_steps)])
        lanes = min(limits.max_concurrency, workers * limits.lanes_per_worker)
        start = min(limits.start_concurrency, lanes)
        limits = replace(limits, most_workers=workers, max_concurrency=lanes, start_concurrency=start)
    return kept_steps, limits, refusal


def lower_bound(kept_steps: Sequence[StepCounts], refusal: WorkerRefusal) -> Measurement:
    """The measurement from the steps before the refused one: a lower bound."""
    usable_steps = [counts for counts in kept_steps if is_usable(counts) and counts.plan.phase != "confirm"]
    last_step = usable_steps[-1]
    saturated = estimator.saturated_seconds(last_step)
    rate = estimator.interval(saturated).estimate if saturated else estimator.accepted_rate(last_step)
    return Measurement("client-limited", last_step.plan.lanes, Interval.lower_bound(rate), worker_refusal=refusal)


def with_refusal(measurement: Measurement, refusal: WorkerRefusal) -> Measurement:
    """The measurement of a search that went on with fewer workers than planned."""
    ending = "client-limited" if measurement.ending == "not-saturated" else measurement.ending
    return replace(measurement, ending=ending, worker_refusal=refusal)
