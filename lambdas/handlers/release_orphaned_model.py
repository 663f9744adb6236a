"""ReleaseOrphanedModel: ends what an execution left behind that failed, timed out or was aborted.

Nothing inside a state machine runs after a timeout or an abort; the rule on its status change does. Its
events come through a queue, so that one whose model is not settled yet comes back.
"""

from __future__ import annotations

import json
import time
from typing import Any

from iu_tuner.contract.model_arn import model_arn_in
from lambdas.aws.logging import logged
from lambdas.aws.queue import retry_later
from lambdas.aws.settings import settings
from lambdas.cleanup.cleanup import clean_up_ended, notify_ended
from lambdas.models.lease_store import lease_store

MAX_PREPARE_S = 130.0  # its timeout and then some


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Queue messages with status changes -> `{"batchItemFailures"}`: those that have to come back."""
    unsettled = [record for record in event["Records"] if not _settled(json.loads(record["body"])["detail"])]
    return retry_later([(record, settings().model_poll_s) for record in unsettled])


def _may_still_take_a_lease(ended: dict[str, Any]) -> bool:
    """Its Prepare may be at work: nothing tells a Lambda that its execution is over."""
    ended_at = (ended.get("stopDate") or 0) / 1000
    return ended["status"] != "FAILED" and time.time() < ended_at + MAX_PREPARE_S


def _settled(ended: dict[str, Any]) -> bool:
    book = lease_store()
    # An input too large for an event is left out.
    model_arn = model_arn_in(json.loads(ended.get("input") or "null"))
    lease = book.of(model_arn) if model_arn else book.held_by(ended["name"])
    if lease is not None and lease.run_id == ended["name"]:
        return clean_up_ended(lease, ended["status"], by="rule")
    if _may_still_take_a_lease(ended):
        return False
    notify_ended(ended["name"], model_arn, ended["status"])
    return True
