"""StartModel: one look at the model, and one move towards RUNNING. The state machine waits in between."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from lambdas.adapters.leases import lease_book
from lambdas.adapters.logs import logged
from lambdas.adapters.rekognition import RekognitionModel, rekognition_client
from lambdas.adapters.run_store import run_store
from lambdas.adapters.starting import restart, start
from lambdas.capacity.model_status import ModelState, move_to_running
from lambdas.capacity.run import Progress, Run


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    """`{"runId"}` -> `{"running"}`; false: wait, then look again."""
    store, now = run_store(event["runId"]), time.time()
    run, before = store.known()
    run.budget.check(now - run.started_epoch, before.running_s(now), run.tariff)
    lease = lease_book().require(run)
    model = RekognitionModel(rekognition_client(), run.model_arn, run.project_arn)
    state = model.look()
    if (seen := lease.after_look(state)) != lease:
        lease = lease_book().note(seen)
    waited_s = now - (before.first_look_at or now)
    move = move_to_running(state, attempts=before.start_attempts, waited_s=waited_s, units=run.units_asked)
    if move == "start" and lease.awaits_start(now):
        move = "wait"
    after = replace(before, first_look_at=before.first_look_at or now, last_look_at=now)
    if state.status == "STARTING":
        after = replace(after, starting_at=now)
    if move == "use":
        after = _running(run, after, before, state)
    elif move == "start":
        after = replace(after, start_attempts=before.start_attempts + 1)
    store.note(after, phase="measuring" if move == "use" else "starting")
    if move == "start":
        start(model, lease, run.inference_units)
    elif move == "restart":
        restart(model, lease)
    return {"running": move == "use"}


def _running(run: Run, after: Progress, before: Progress, state: ModelState) -> Progress:
    # It was not RUNNING at the last look: counting from there never bills too little.
    since = before.running_since or before.last_look_at or run.started_epoch
    units = state.min_inference_units
    return replace(after, running_since=since, inference_units=units, auto_scales_to=state.auto_scales_to)
