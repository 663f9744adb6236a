"""The look at a served model each minute: opens or closes the gate, notes the model's units in its pace, and starts
the run that uploads wait for.
"""

from __future__ import annotations

import time
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from iu_tuner.contract.errors import RunError
from lambdas.aws.logging import logger
from lambdas.inference.gate import MIN_BATCHES, batches_for, gate_of, should_be_open
from lambdas.inference.waves.queue_counts import QueueCounts, counts_of
from lambdas.inference.waves.starts import Start, start_if_due
from lambdas.models.lease import Lease
from lambdas.models.lease_store import lease_store
from lambdas.models.ports import ModelControl
from lambdas.models.registry import find_model
from lambdas.models.status import ModelState
from lambdas.past_runs.store import history
from lambdas.processing.first_pace import USABLE_VERDICTS, first_pace, last_measured_rate
from lambdas.processing.pace import Pace, with_units
from lambdas.processing.pace_store import pace_store
from lambdas.reports.metrics import write_gate


class LookInput(BaseModel, alias_generator=to_camel):
    """The input of a look: the model, the queue of its uploads, and the run that they start, if they start one."""

    model_arn: str
    queue_url: str
    queue_arn: str
    start: Start | None = None


def look(raw: dict[str, Any]) -> bool:
    """Set the gate by the model's state, and start the run that uploads wait for. Returns whether it should be open."""
    look_input, now = LookInput.model_validate(raw), time.time()
    state, lease = _state(look_input.model_arn), lease_store().get(look_input.model_arn)
    _, pace = set_gate(look_input.model_arn, look_input.queue_arn, state, lease)
    counts = counts_of(look_input.queue_url)
    if look_input.start is not None:
        start_if_due(look_input.start, look_input.queue_url, counts, state, lease, now)
    if counts is not None:
        _report(look_input, counts, state, pace)
    return pace is not None


def set_gate(
    model_arn: str, queue_arn: str, state: ModelState | None, lease: Lease | None
) -> tuple[bool | None, Pace | None]:
    """Set the gate by the model's state and lease, and its pace first.

    Returns whether it was open, which is None while it changes, and the pace if it should be open.
    Raises ClientError, BotoCoreError.
    """
    gate, pace = gate_of(queue_arn), None
    if state is not None and should_be_open(state, lease):
        pace = _pace(model_arn, state, starts=gate.is_open is False)
    gate.set(is_open=pace is not None, batches=batches_for(pace.rate) if pace else MIN_BATCHES)
    return gate.is_open, pace


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


def _pace(model_arn: str, state: ModelState, *, starts: bool) -> Pace:
    """The pace, which begins before the gate opens, and follows the number of units while it is open.

    Raises ClientError, BotoCoreError.
    """
    store, units = pace_store(model_arn, "live"), state.min_inference_units or 1
    pace = None if starts else store.load()
    if pace is None:
        start_pace = first_pace(units, last_measured_rate(history().outputs(model_arn, verdicts=USABLE_VERDICTS)))
        store.begin(start_pace, time.time())  # it may go on from an earlier start, or other work may have begun
        return store.load() or start_pace
    if pace.units != units:
        store.set_units(units)
    return with_units(pace, units)


def _report(look_input: LookInput, counts: QueueCounts, state: ModelState | None, pace: Pace | None) -> None:
    """Write the metrics of the dashboard and the alarms. There is a pace if the gate should be open."""
    write_gate(
        look_input.queue_url.rpartition("/")[2],
        is_open=pace is not None,
        is_idle=not counts.messages and state is not None and state.status == "RUNNING",
        rate=pace.rate if pace else None,
        expected=pace.expected if pace else None,
        units=state.min_inference_units if pace and state else None,
    )
