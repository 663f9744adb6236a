"""Starts runs for uploads: the message about an upload stays in the queue until a run has covered the upload.

All messages of a trigger share the item UPLOADS#<prefix> / <modelArn>. Only the message about `lastUpload` stays,
since its run covers all uploads up to `coveredThrough`, even those whose messages arrive later. This time is saved
before the run starts and is part of its name, so that a message that is delivered again starts no second run.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import AliasPath, AwareDatetime, BaseModel, Field, ValidationError
from pydantic.alias_generators import to_camel

from iu_tuner.contract.names import execution_of
from lambdas.aws.executions import states_client
from lambdas.aws.logging import logger
from lambdas.aws.settings import settings
from lambdas.aws.table import COUNTS_KEPT_S, Partition, dynamodb_client
from lambdas.models.lease_store import lease_store
from lambdas.triggers.waiting import CLOCK_MARGIN_S, wait_s

_NAME_OF_AN_IMAGE = r"(?i)\.(jpg|jpeg|jpe|jfif|png)$"
_IS_NEWEST = (
    "attribute_not_exists(lastUpload) OR lastUpload = :0 OR "
    "(lastUpload < :0 AND (attribute_not_exists(coveredThrough) OR coveredThrough < :0))"
)
_IS_UNCHANGED = "lastUpload = :0 AND (attribute_not_exists(coveredThrough) OR coveredThrough = :2)"


class _Input(BaseModel, alias_generator=to_camel, extra="allow"):
    model_arn: str


class _Trigger(BaseModel, alias_generator=to_camel):
    prefix: str
    settle_seconds: int
    input: _Input


class _Upload(BaseModel, alias_generator=to_camel):
    """A message: the trigger as the stack deployed it, and the image's key, which earlier versions did not send."""

    trigger: _Trigger
    uploaded_at: AwareDatetime
    key: str = Field(".jpg", validation_alias=AliasPath("object", "key"), pattern=_NAME_OF_AN_IMAGE)


def look_after(records: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], int]]:
    """Process the messages. Yields those that must be delivered again, each with its delay in seconds."""
    for record, upload in _newest_uploads(records):
        # The quiet time starts when a message is first read, as newer messages may wait behind it in a long queue.
        first_read = record.get("attributes", {}).get("ApproximateFirstReceiveTimestamp")
        read_at = int(first_read) / 1000 if first_read else time.time()
        try:
            wait = _look(upload.trigger, int(min(upload.uploaded_at.timestamp(), read_at)), read_at)
        except Exception:  # noqa: BLE001 - an error of one trigger must not delay the others
            logger.exception("the upload is looked after again later", extra={"body": record["body"]})
            wait = settings().model_poll_s
        if wait:
            yield record, wait


def _newest_uploads(records: Iterable[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], _Upload]]:
    """The newest upload of each trigger, with its record. Logs messages that start no run, as they name no image."""
    newest: dict[tuple[str, str], tuple[Mapping[str, Any], _Upload]] = {}
    for record in records:
        try:
            upload = _Upload.model_validate_json(record["body"])
        except ValidationError as error:
            reasons = [f"{entry['loc']}: {entry['msg']}" for entry in error.errors()]
            logger.warning("it starts no run", extra={"body": record["body"][:10_000], "why": reasons})
        else:
            key, record_and_upload = (upload.trigger.prefix, upload.trigger.input.model_arn), (record, upload)
            newest[key] = max(
                newest.get(key, record_and_upload), record_and_upload, key=lambda entry: entry[1].uploaded_at
            )
    return list(newest.values())


def _look(trigger: _Trigger, uploaded_at: int, read_at: float) -> int:
    """Make the next move for an upload. Returns the seconds until the next check, or 0 if none is needed."""
    now, model_arn, pk = time.time(), trigger.input.model_arn, f"UPLOADS#{trigger.prefix}"
    uploads = Partition(dynamodb_client(), settings().runs_table, pk, kept_s=COUNTS_KEPT_S)
    if not uploads.update(model_arn, {"lastUpload": uploaded_at}, condition=_IS_NEWEST):
        return 0
    due_at = read_at + trigger.settle_seconds + CLOCK_MARGIN_S
    wait = wait_s(due_at, now, settings().model_poll_s)
    if now < due_at or lease_store().get(model_arn) is not None:
        return wait
    covered_before, covered_through = int(uploads.get(model_arn).get("coveredThrough", 0)), int(now) - CLOCK_MARGIN_S
    outcome = _start(trigger, covered_before) if covered_before >= uploaded_at else "skipped"
    if outcome == "skipped":
        covered_values = {"lastUpload": uploaded_at, "coveredThrough": covered_through, "coveredBefore": covered_before}
        if uploads.update(model_arn, covered_values, condition=_IS_UNCHANGED):
            _start(trigger, covered_through)
    return 0 if outcome == "over" else wait


def _start(trigger: _Trigger, covered_through: int) -> str:
    """Start the run unless it was started before. Returns "running", "skipped" (it did not measure) or "over"."""
    machine, trigger_input = settings().state_machine_arn, trigger.input.model_dump(by_alias=True)
    images = {**trigger_input.get("images", {}), "bucket": settings().image_bucket, "prefix": trigger.prefix}
    trigger_id = hashlib.sha256(f"{trigger.prefix}\n{trigger.input.model_arn}".encode()).hexdigest()[:10]
    name, run_input = f"upload-{trigger_id}-{covered_through}", json.dumps({**trigger_input, "images": images})
    try:
        states_client().start_execution(stateMachineArn=machine, name=name, input=run_input)
    except states_client().exceptions.ExecutionAlreadyExists:
        run = states_client().describe_execution(executionArn=execution_of(machine, name))
        verdict = json.loads(run.get("output") or "{}").get("verdict")
        return "running" if run["status"] == "RUNNING" else "skipped" if verdict == "skipped" else "over"
    return "running"
