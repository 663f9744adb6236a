"""Steps whose workers Lambda did not all run: the search goes on with the number of workers that it did run.

Lambda refuses a worker if the concurrent executions of the account, or those reserved for ApplyLoad, are used up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lambdas.capacity.measurement import Measurement, WorkersRefused
from lambdas.capacity.rates import estimator
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.step_checks import is_refused, is_usable
from lambdas.capacity.step_plans import SearchLimits
from lambdas.load.counts import StepCounts


def without_refused_steps(
    history: Sequence[StepCounts], limits: SearchLimits
) -> tuple[list[StepCounts], SearchLimits, WorkersRefused | None]:
    """The history without steps that were refused twice, the remaining limits, and the last refusal or None.

    `most_workers` of the limits is the largest number that Lambda ran. If it is not below the number that was refused,
    the search can't avoid another refusal.
    """
    kept: list[StepCounts] = []
    refusal = None
    for counts in history:
        twice = bool(kept) and kept[-1].plan == counts.plan and not is_usable(kept[-1])
        given = counts.plan.workers - counts.lost_workers
        if not (twice and given and is_refused(counts)):
            kept.append(counts)
            continue
        kept.pop()
        refusal = WorkersRefused(counts.plan.workers, given)
        workers = max([given, *(step.plan.workers for step in kept)])
        lanes = min(limits.max_concurrency, workers * limits.lanes_per_worker)
        start = min(limits.start_concurrency, lanes)
        limits = replace(limits, most_workers=workers, max_concurrency=lanes, start_concurrency=start)
    return kept, limits, refusal


def lower_bound(kept: Sequence[StepCounts], refusal: WorkersRefused) -> Measurement:
    """The measurement from the steps before the refused one: a lower bound."""
    usable = [counts for counts in kept if is_usable(counts) and counts.plan.phase != "confirm"]
    last = usable[-1]
    saturated = estimator.saturated_seconds(last)
    rate = estimator.interval(saturated).estimate if saturated else estimator.accepted_rate(last)
    return Measurement("client-limited", last.plan.lanes, Interval.lower_bound(rate), refused=refusal)


def with_refusal(measurement: Measurement, refusal: WorkersRefused) -> Measurement:
    """The measurement of a search that went on with fewer workers than planned."""
    ending = "client-limited" if measurement.ending == "not-saturated" else measurement.ending
    return replace(measurement, ending=ending, refused=refusal)
