"""PlanStep: look at the counts so far and say what step comes next, other inference units, or that all is measured."""

from __future__ import annotations

import time
from typing import Any

from lambdas.adapters.leases import lease_book
from lambdas.adapters.logs import logged
from lambdas.adapters.rekognition import RekognitionModel, rekognition_client
from lambdas.adapters.run_store import run_store
from lambdas.adapters.second_measurement import answer_stands, move_after
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.model_status import require_running
from lambdas.capacity.scaling import Restart
from lambdas.capacity.search import next_move
from lambdas.capacity.so_far import so_far
from lambdas.capacity.step import StepPlan, lead_s, load_of


@logged
@answer_stands({"step": None, "restart": False})
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"runId"}` -> `{"step": {"number", "workers", "startAt", …}, "restart": false}`.

    `{"step": null}` when all is measured, or, with `restart`, when the model has to run with other units first.
    """
    store, now = run_store(event["runId"]), time.time()
    run, progress = store.known()
    run.budget.check(now - run.started_epoch, run.spent_usd(progress, now))
    lease_book().require(run)
    require_running(RekognitionModel(rekognition_client(), run.model_arn, run.project_arn).look())
    steps = store.steps()
    move: StepPlan | Measurement | Restart | None = next_move(load_of(steps, "main"), run.search_limits)
    if isinstance(move, Measurement):
        move = move_after(store, run, progress, move, steps)
    store.note_so_far(so_far(steps, move if isinstance(move, StepPlan) else None))
    if not isinstance(move, StepPlan):
        return {"step": None, "restart": isinstance(move, Restart)}
    number, lead = len(steps), lead_s(steps[-1])
    start_at = time.time() + lead + move.wait_s
    store.plan_step(number, move, start_at, lead)
    return {"step": {"number": number, "startAt": start_at, **move.as_mapping()}, "restart": False}
