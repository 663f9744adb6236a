"""StopModel: one look at the model, and one move towards STOPPED. Every run comes through here, whatever happened."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from lambdas.adapters.logs import logged
from lambdas.adapters.rekognition import MODEL_ARN, RekognitionModel, rekognition_client
from lambdas.adapters.run_store import run_store
from lambdas.capacity.errors import AccessDenied, ModelNotFound
from lambdas.capacity.model_status import ModelState


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    """`{"runId", "input"}` -> `{"stopped"}`; false: wait, then look again."""
    store = run_store(event["runId"])
    try:
        run, before = store.known()
    except KeyError:
        return {"stopped": _stopped_unprepared(event["input"])}
    model = RekognitionModel(rekognition_client(), run.model_arn, run.project_arn)
    try:
        state = model.look()
    except ModelNotFound:
        state = ModelState("DELETED")
    stopped = _stopped(model, state)
    after = replace(before, status_after=state.status, stopped_at=time.time() if stopped else None)
    store.note(after, phase="stopped" if stopped else "stopping")
    return {"stopped": stopped}


def _stopped_unprepared(raw: Any) -> bool:
    """The run ended before its model was settled, so it has started nothing; the default still holds.

    By default the model is stopped whoever started it. An input that asks for something else, names
    no model, or names one that this stack can't see, leaves nothing to stop.
    """
    arn = raw.get("modelArn") if isinstance(raw, dict) else None
    if not isinstance(arn, str) or not MODEL_ARN.fullmatch(arn) or raw.get("afterRun", "stop") != "stop":
        return True
    try:
        model = RekognitionModel.find(rekognition_client(), arn)
        state = model.look()
    except (ModelNotFound, AccessDenied):
        return True
    return _stopped(model, state)


def _stopped(model: RekognitionModel, state: ModelState) -> bool:
    """Is it stopped? If not, ask for it; only the next look tells what came of it."""
    if state.costs_money and state.status != "STOPPING":
        model.stop()
    return not state.costs_money
