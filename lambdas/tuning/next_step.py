"""The course of a run: the search for its answer first, then what it was asked to measure besides."""

from __future__ import annotations

from collections.abc import Sequence

from lambdas.capacity import search
from lambdas.experiments import scaling
from lambdas.experiments.image_comparison import next_comparison
from lambdas.experiments.scaling import Restart, ScalingSkipped
from lambdas.load.measured_step import MeasuredStep, load_of
from lambdas.load.step import StepPlan
from lambdas.runs.progress import Progress
from lambdas.runs.run import Run


def next_move(
    run: Run, progress: Progress, steps: Sequence[MeasuredStep], now: float
) -> StepPlan | Restart | ScalingSkipped | None:
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
