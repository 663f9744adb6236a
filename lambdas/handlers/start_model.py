"""StartModel: one look at the model, and one move towards RUNNING. The state machine waits in between."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from lambdas.adapters.logs import logged
from lambdas.adapters.rekognition import RekognitionModel, rekognition_client
from lambdas.adapters.run_store import run_store
from lambdas.capacity.model_status import move_to_running


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    """`{"runId"}` -> `{"running"}`; false: wait, then look again."""
    store, now = run_store(event["runId"]), time.time()
    run, before = store.known()
    first_look_at = before.first_look_at or now
    run.budget.check(now - run.started_epoch, 0.0, run.tariff)
    model = RekognitionModel(rekognition_client(), run.model_arn, run.project_arn)
    state = model.look()
    move = move_to_running(state, attempts=before.start_attempts, waited_s=now - first_look_at)
    after = replace(before, first_look_at=first_look_at, last_look_at=now)
    if move == "use":
        # It was not RUNNING at the last look: counting from there never bills too little.
        after = replace(
            after,
            running_since=before.running_since or before.last_look_at or run.started_epoch,
            inference_units=state.min_inference_units,
            auto_scales_to=state.auto_scales_to,
        )
    elif move == "start":
        after = replace(after, start_attempts=before.start_attempts + 1)
    store.note(after, phase="measuring" if move == "use" else "starting")
    if move == "start":
        model.start(run.inference_units)
    return {"running": move == "use"}
