"""The look at a served model each minute: opens or closes the gate, and notes the model's units in its pace."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from iu_tuner.contract.errors import RunError
from lambdas.aws.clients import client
from lambdas.aws.errors import AWS_ERRORS
from lambdas.aws.logging import logger
from lambdas.inference.gate import gate_of, should_be_open
from lambdas.models.lease_store import lease_store
from lambdas.models.ports import ModelControl
from lambdas.models.registry import find_model
from lambdas.models.status import ModelState
from lambdas.past_runs.store import history
from lambdas.processing.first_pace import USABLE_VERDICTS, first_pace, measured_in
from lambdas.processing.pace_store import PaceStore, pace_store
from lambdas.reports.metrics import served

_COUNTS = ("", "NotVisible", "Delayed")


class Served(BaseModel, alias_generator=to_camel):
    """The input of a look: the model, and the queue of its uploads."""

    model_arn: str
    queue_url: str
    queue_arn: str


def look(raw: dict[str, Any]) -> bool:
    """Set the gate by the model's state. Returns whether it should be open."""
    what = Served.model_validate(raw)
    state = _state(what.model_arn)
    is_open = should_be_open(state, lease_store().get(what.model_arn))
    gate, pace = gate_of(what.queue_arn), pace_store(what.model_arn, "live")
    if is_open and state is not None:
        _keep_pace(pace, what.model_arn, state, starts=gate.is_open is False)
    gate.set(is_open=is_open)
    _report(what, pace, state, is_open=is_open)
    return is_open


def _state(model_arn: str) -> ModelState | None:
    """The model's state. Returns None if it can't be used at all."""
    try:
        return _model(model_arn).look()
    except RunError:
        logger.exception("the model is not available; its uploads wait")
        return None


@cache
def _model(model_arn: str) -> ModelControl:
    return find_model(model_arn)


def _keep_pace(pace: PaceStore, model_arn: str, state: ModelState, *, starts: bool) -> None:
    """Begin the pace before the gate opens, and follow the number of units while it is open."""
    units = state.min_inference_units or 1
    if not starts:
        try:
            pace.set_units(units)
            return
        except KeyError:
            logger.info("the model has no pace yet")
    pace.begin(first_pace(units, measured_in(history().outputs(model_arn, verdicts=USABLE_VERDICTS))), time.time())


def _report(what: Served, pace: PaceStore, state: ModelState | None, *, is_open: bool) -> None:
    """Write the metrics of the dashboard and the alarms. A queue that can't be read has none."""
    names = [f"ApproximateNumberOfMessages{kind}" for kind in _COUNTS]
    try:
        found = client("sqs").get_queue_attributes(QueueUrl=what.queue_url, AttributeNames=names)["Attributes"]
    except AWS_ERRORS:
        logger.warning("the queue could not be read", exc_info=True)
        return
    waiting, present = sum(int(found[name]) for name in names), pace.load() if is_open else None
    served(
        what.queue_url.rpartition("/")[2],
        is_open=is_open,
        is_idle=not waiting and state is not None and state.status == "RUNNING",
        rate=present.rate if present else None,
        expected=present.expected if present else None,
        units=state.min_inference_units if is_open and state else None,
    )
