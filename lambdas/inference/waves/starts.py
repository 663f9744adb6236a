"""Starts the run that a wave of uploads needs, once.

The name of its execution is made of the queue and of the moment at which the wave was first seen, or at which the last
run ended. Both are kept, so that looks at the same time start the same execution.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from iu_tuner.contract.names import execution_of
from iu_tuner.contract.uploads.entry import StartAt
from iu_tuner.contract.uploads.serve_input import parse_serve_input
from lambdas.aws.errors import AWS_ERRORS
from lambdas.aws.executions import states_client
from lambdas.aws.logging import logger
from lambdas.aws.settings import settings
from lambdas.aws.table import COUNTS_KEPT_S, Partition, dynamodb_client
from lambdas.inference.waves.activity import activity_of, save_execution
from lambdas.inference.waves.queue_counts import QueueCounts
from lambdas.inference.waves.start_rule import LastRun, should_start, wave_began_at
from lambdas.models.lease import Lease
from lambdas.models.status import ModelState

_ITEM = "WAVE"
_IS_UNCHANGED = "attribute_not_exists(waitingSince) OR waitingSince = :before"


class Start(BaseModel, alias_generator=to_camel):
    """When to start the model, and the input of the run."""

    start_at: StartAt
    input: dict[str, Any]


def start_if_due(
    start: Start, queue_url: str, counts: QueueCounts | None, state: ModelState | None, lease: Lease | None, now: float
) -> bool:
    """Start a run if uploads wait for it. Returns whether one was asked for. Errors are logged: the next look tries."""
    if counts is None:
        return False
    try:
        waiting_since = _waiting_since(queue_url, counts, state, now)
        if waiting_since is None:
            return False
        model_arn = parse_serve_input(start.input).model_arn
        last_run = _last_run(activity_of(model_arn).served_by, start.input)
        if not should_start(start.start_at, counts.visible, waiting_since, state, lease, last_run, now):
            return False
        _start(model_arn, queue_url, start.input, wave_began_at(waiting_since, last_run))
    except AWS_ERRORS:
        logger.exception("no run could be started for the uploads; the next look tries")
        return False
    return True


def _waiting_since(queue_url: str, counts: QueueCounts, state: ModelState | None, now: float) -> float | None:
    """When uploads were first seen to wait for the model. Returns None if none do."""
    items = Partition(dynamodb_client(), settings().runs_table, f"QUEUE#{_name(queue_url)}", kept_s=COUNTS_KEPT_S)
    saved_since, is_waiting = 0.0, counts.visible > 0 and (state is None or state.status != "RUNNING")
    with suppress(KeyError):
        saved_since = items.get(_ITEM)["waitingSince"]
    if is_waiting == bool(saved_since):
        return saved_since or None
    new_since = float(int(now)) if is_waiting else 0.0
    item = items.update(
        _ITEM, {"waitingSince": new_since}, condition=_IS_UNCHANGED, condition_values={":before": saved_since}
    )
    return (new_since if item else items.get(_ITEM)["waitingSince"]) or None


def _last_run(execution_arn: str | None, run_input: Mapping[str, Any]) -> LastRun | None:
    """The last run for these uploads. Returns None if there was none, or if it is too old to be known."""
    if execution_arn is None:
        return None
    try:
        execution = states_client().describe_execution(executionArn=execution_arn)
    except states_client().exceptions.ExecutionDoesNotExist:
        return None
    output = json.loads(execution.get("output") or "{}")
    return LastRun(
        execution["startDate"].timestamp(),
        execution["stopDate"].timestamp() if execution["status"] != "RUNNING" else None,
        execution["status"] == "SUCCEEDED",
        output.get("verdict") == "limit-reached",
        json.loads(execution["input"]) == run_input,
    )


def _start(model_arn: str, queue_url: str, run_input: Mapping[str, Any], began_at: float) -> None:
    queue = hashlib.sha256(_name(queue_url).encode()).hexdigest()[:10]
    machine, name = settings().state_machine_arn, f"uploads-{queue}-{round(1000 * began_at)}"
    # Saved first: a look that comes next finds the run, or that there is none yet.
    save_execution(model_arn, execution_of(machine, name))
    try:
        states_client().start_execution(stateMachineArn=machine, name=name, input=json.dumps(run_input))
    except states_client().exceptions.ExecutionAlreadyExists:
        logger.warning("the run for this wave of uploads has been started before", extra={"execution": name})


def _name(queue_url: str) -> str:
    return queue_url.rpartition("/")[2]
