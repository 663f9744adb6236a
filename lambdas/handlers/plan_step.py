"""PlanStep: look at the counts so far and say what step comes next, other inference units, or that all is measured."""

from __future__ import annotations

import time
from typing import Any

from lambdas.aws.logging import logged
from lambdas.experiments.image_comparison import least_lead_s
from lambdas.experiments.scaling import Restart
from lambdas.load.measured_step import lead_s
from lambdas.load.step import StepPlan
from lambdas.models.lease_store import lease_store
from lambdas.models.rekognition.control_plane import RekognitionModel, rekognition_client
from lambdas.models.status import require_running
from lambdas.runs.live_progress import so_far
from lambdas.runs.store import run_store
from lambdas.tuning.next_step import check_budget, next_move
from lambdas.tuning.scaling_guard import keep_answer_on_error, note_scaling


@logged
@keep_answer_on_error({"step": None, "restart": False})
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"runId", "refusedWorkers"}` -> `{"step": {"number", "workers", "startAt", …}, "restart": false}`.

    `refusedWorkers` are those of the step before that Lambda did not run.
    `{"step": null}` when all is measured, or, with `restart`, when the model has to run with other units first.
    """
    store, now = run_store(event["runId"]), time.time()
    run, progress = store.known()
    steps = store.compact_steps(event.get("refusedWorkers", 0))
    check_budget(run, progress, steps, now)
    lease_store().require(run.model_arn, run.run_id)
    require_running(RekognitionModel(rekognition_client(), run.model_arn, run.project_arn).look())
    move = next_move(run, progress, steps, now)
    plan = move if isinstance(move, StepPlan) else None
    note_scaling(store, progress, move, steps)
    store.save_live_progress(so_far(steps, plan))
    if plan is None:
        return {"step": None, "restart": isinstance(move, Restart)}
    number, lead = len(steps), max(lead_s(steps[-1]), least_lead_s(steps, run, plan))
    start_at = time.time() + lead + plan.wait_s
    store.plan_step(number, plan, start_at, lead)
    return {"step": {"number": number, "startAt": start_at, **plan.as_mapping()}, "restart": False}
