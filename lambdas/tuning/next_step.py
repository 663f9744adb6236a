"""Chooses the next step: first those of the search for max TPS, then those of the extra measurements."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from lambdas.capacity import search
from lambdas.experiments import scaling
from lambdas.experiments.image_comparison import min_lead_s, next_comparison
from lambdas.experiments.scaling import RestartWith, ScalingSkipped
from lambdas.load.measured_step import MeasuredStep, counts_of_series, lead_s
from lambdas.load.step import StepPlan
from lambdas.models.lease_store import lease_store
from lambdas.models.registry import model_of
from lambdas.models.status import require_running
from lambdas.runs.live_progress import live_progress
from lambdas.runs.progress import Progress
from lambdas.runs.run import Run
from lambdas.runs.store import run_store
from lambdas.tuning.scaling_guard import save_scaling_decision


def plan_step(run_id: str, refused_workers: int) -> dict[str, Any]:
    """Plan the step after those measured so far, and save its plan.

    `refused_workers` is the number of the last step's workers that Lambda refused to run. Returns `{"step": {"number",
    "startAt", and the plan's values}, "restart"}`; `step` is None if all is measured or a restart comes first.

    Raises:
        BudgetExceeded, ModelLost, InternalError
    """
    store, now = run_store(run_id), time.time()
    run, progress = store.load()
    steps = store.compact_steps(refused_workers)
    check_budget(run, progress, steps, now)
    lease_store().require_held(run.model_arn, run_id)
    require_running(model_of(run.model_arn, run.project_arn).look())
    move = next_move(run, progress, steps, now)
    plan = move if isinstance(move, StepPlan) else None
    save_scaling_decision(store, progress, move, steps)
    step_lead_s = max(lead_s(steps[-1]), min_lead_s(steps, run, plan)) if plan else 0.0
    store.save_live_progress(live_progress(steps, plan, step_lead_s))
    if plan is None:
        return {"step": None, "restart": isinstance(move, RestartWith)}
    number, start_at = len(steps), time.time() + step_lead_s + plan.wait_s
    store.plan_step(number, plan, start_at, step_lead_s)
    return {"step": {"number": number, "startAt": start_at, **plan.as_mapping()}, "restart": False}


def next_move(
    run: Run, progress: Progress, steps: Sequence[MeasuredStep], now: float
) -> StepPlan | RestartWith | ScalingSkipped | None:
    """The next move after these steps; `now` in seconds since the epoch. Returns None if all is measured.

    Raises:
        ModelLost, InternalError: as the search does.
    """
    search_move = search.next_move(counts_of_series(steps, "main"), run.search_limits)
    if isinstance(search_move, StepPlan):
        return search_move
    comparison = None
    if progress.units_wanted is None:  # the comparison uses the inference units of the answer
        comparison = next_comparison(steps, run, progress, search_move, run.remaining(progress, now))
    return comparison or scaling.next_move(run, progress, search_move, steps, now)


def check_budget(run: Run, progress: Progress, steps: Sequence[MeasuredStep], now: float) -> None:
    """Require that time and money are left.

    Skipped during a comparison, which checks the remaining budget before each step so that the answer is not lost.

    Raises:
        BudgetExceeded: one of the limits is passed.
    """
    is_comparing = progress.units_wanted is None and any(step.counts.plan.phase == "compare" for step in steps)
    if not is_comparing:
        run.budget.check(now - run.started_epoch, run.spent_usd(progress, now))
