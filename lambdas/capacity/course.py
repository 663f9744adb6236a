"""The course of a run: the search for its answer first, then what it was asked to measure besides."""

from __future__ import annotations

from collections.abc import Sequence

from lambdas.capacity import scaling, search
from lambdas.capacity.comparison import next_comparison
from lambdas.capacity.measured_step import MeasuredStep, load_of
from lambdas.capacity.progress import Progress
from lambdas.capacity.run import Run
from lambdas.capacity.scaling import NotScaled, Restart
from lambdas.capacity.step import StepPlan


def next_move(
    run: Run, progress: Progress, steps: Sequence[MeasuredStep], now: float
) -> StepPlan | Restart | NotScaled | None:
    """What comes after these steps, `now` in seconds since the epoch; None: all is measured.

    Raises:
        ModelLost, InternalError: as the search does.
    """
    found = search.next_move(load_of(steps, "main"), run.search_limits)
    if isinstance(found, StepPlan):
        return found
    comparison = None
    if progress.units_wanted is None:  # with other inference units it would compare something else
        comparison = next_comparison(steps, run, progress, found, run.left(progress, now))
    return comparison or scaling.next_move(run, progress, found, steps, now)


def check_budget(run: Run, progress: Progress, steps: Sequence[MeasuredStep], now: float) -> None:
    """Is there time and money left? A comparison asks for itself before each step: its run has an answer to lose.

    Raises:
        BudgetExceeded: one of the limits is passed.
    """
    comparing = progress.units_wanted is None and any(step.counts.plan.phase == "compare" for step in steps)
    if not comparing:
        run.budget.check(now - run.started_epoch, run.spent_usd(progress, now))
