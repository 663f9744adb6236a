"""PlanStep: look at the counts so far and say what step comes next, or that all is measured."""

from __future__ import annotations

import time
from typing import Any

from lambdas.adapters.leases import lease_book
from lambdas.adapters.logs import logged
from lambdas.adapters.rekognition import RekognitionModel, rekognition_client
from lambdas.adapters.run_store import run_store
from lambdas.capacity.comparison import least_lead_s, next_comparison
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.model_status import require_running
from lambdas.capacity.search import next_move
from lambdas.capacity.so_far import so_far
from lambdas.capacity.step import StepPlan, lead_s, load_of


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"runId"}` -> `{"step": {"number", "workers", "startAt", …}}`, or `{"step": null}` when done."""
    store, now = run_store(event["runId"]), time.time()
    run, progress = store.known()
    steps = store.close_steps()
    # With a step of another series there is an answer, which must not be lost.
    if all(step.counts.plan.series == "main" for step in steps):
        run.budget.check(now - run.started_epoch, progress.running_s(now), run.tariff)
    lease_book().require(run)
    require_running(RekognitionModel(rekognition_client(), run.model_arn, run.project_arn).look())
    move: StepPlan | Measurement | None = next_move(load_of(steps, "main"), run.search_limits)
    if isinstance(move, Measurement):
        move = next_comparison(steps, run, progress, move, run.left(progress, now))
    store.note_so_far(so_far(steps, move))
    if move is None:
        return {"step": None}
    number, lead = len(steps), max(lead_s(steps[-1]), least_lead_s(steps, run, move))
    start_at = time.time() + lead + move.wait_s
    store.plan_step(number, move, start_at, lead)
    return {"step": {"number": number, "startAt": start_at, **move.as_mapping()}}
