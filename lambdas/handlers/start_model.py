"""StartModel: one look at the model, and one move towards RUNNING. The state machine waits in between."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from iu_tuner.contract.errors import ModelLost
from lambdas.aws.logging import logged
from lambdas.models.lease_store import lease_store
from lambdas.models.rekognition.control_plane import RekognitionModel, rekognition_client
from lambdas.models.status import ModelState, move_to_running
from lambdas.runs.progress import Progress
from lambdas.runs.run import Run
from lambdas.runs.store import run_store
from lambdas.tuning.scaling_guard import keep_answer_on_error
from lambdas.tuning.start import restart, start


@logged
@keep_answer_on_error({"running": False, "givenUp": True})
def handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    """`{"runId"}` -> `{"running", "givenUp"}`; not running: wait, then look again, unless it was given up.

    What is given up is only ever the second measurement, with other inference units.
    """
    store, now = run_store(event["runId"]), time.time()
    run, before = store.known()
    run.budget.check(now - run.started_epoch, run.spent_usd(before, now))
    lease = lease_store().require(run.model_arn, run.run_id)
    model = RekognitionModel(rekognition_client(), run.model_arn, run.project_arn)
    state = model.look()
    if (seen := lease.after_look(state)) != lease:
        lease = lease_store().note(seen)
    waited_s = now - (before.first_look_at or now)
    units = before.units_wanted or run.requested_units
    move = move_to_running(
        state, attempts=before.start_attempts, waited_s=waited_s, units=units, looks=before.start_looks
    )
    if move == "restart" and before.stretches:
        raise ModelLost(
            f"somebody else started the model, with {state.min_inference_units} inference units - run again"
        )
    if move == "start" and lease.start_pending(now):
        move = "wait"
    after = before.without_old_units(state, run.inference_units, now)
    after = replace(
        after, first_look_at=before.first_look_at or now, last_look_at=now, start_looks=before.start_looks + 1
    )
    if state.status == "STARTING":
        after = replace(after, starting_at=now)
    if move == "use":
        after = _running(run, after, before, state)
    elif move == "start":
        after = replace(after, start_attempts=before.start_attempts + 1)
    store.note(after, phase="measuring" if move == "use" else "starting")
    if move == "start":
        start(model, lease, state, before.units_wanted or run.inference_units)
    elif move == "restart":
        restart(model, lease)
    return {"running": move == "use", "givenUp": False}


def _running(run: Run, after: Progress, before: Progress, state: ModelState) -> Progress:
    # It was not RUNNING at the last look: counting from there never bills too little.
    since = after.running_since or before.last_look_at or run.started_epoch
    if before.units_wanted is not None:
        return replace(after, running_since=since)
    units = state.min_inference_units
    return replace(after, running_since=since, inference_units=units, auto_scales_to=state.auto_scales_to)
