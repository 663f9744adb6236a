"""StopModel: one look at the model, and one move towards STOPPED. Every run comes through here, whatever happened."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from lambdas.adapters.logs import logged
from lambdas.adapters.rekognition import MODEL_ARN, RekognitionModel, rekognition_client
from lambdas.adapters.run_store import run_store
from lambdas.capacity.errors import AccessDenied, ModelNotFound


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    """`{"runId", "input"}` -> `{"stopped"}`; false: wait, then look again."""
    store = run_store(event["runId"])
    try:
        run = store.run()
    except KeyError:
        return {"stopped": _stopped_unprepared(event["input"])}
    model = RekognitionModel(rekognition_client(), run.model_arn, run.project_arn)
    stopped, status = _move(model)
    progress = replace(store.progress(), status_after=status, stopped_at=time.time() if stopped else None)
    store.note(progress, phase="stopped" if stopped else "stopping")
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
        model.look()
    except (ModelNotFound, AccessDenied):
        return True
    return _move(model)[0]


def _move(model: RekognitionModel) -> tuple[bool, str]:
    try:
        state = model.look()
    except ModelNotFound:
        return True, "DELETED"
    if state.costs_money and state.status != "STOPPING":
        model.stop()
    return not state.costs_money, state.status
