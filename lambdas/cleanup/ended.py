"""Cleans up after executions that failed, timed out or were aborted, as EventBridge reports them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from iu_tuner.contract.model_arn import model_arn_in
from lambdas.aws.settings import settings
from lambdas.cleanup.cleanup import clean_up_ended, notify_ended
from lambdas.models.lease_store import lease_store

MAX_PREPARE_S = 130.0  # its timeout with a margin


def messages_to_retry(messages: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], int]]:
    """The messages whose model is not released yet, each with the seconds after which the queue redelivers it."""
    wait_s = settings().model_poll_s
    return [(message, wait_s) for message in messages if not _clean_up(json.loads(message["body"])["detail"])]


def _clean_up(execution: Mapping[str, Any]) -> bool:
    leases = lease_store()
    # An event omits an input that is too large for it.
    model_arn = model_arn_in(json.loads(execution.get("input") or "null"))
    lease = leases.get(model_arn) if model_arn else leases.held_by(execution["name"])
    if lease is not None and lease.run_id == execution["name"]:
        return clean_up_ended(lease, execution["status"], by="rule")
    if _may_still_take_a_lease(execution):
        return False
    notify_ended(execution["name"], model_arn, execution["status"])
    return True


def _may_still_take_a_lease(execution: Mapping[str, Any]) -> bool:
    """Whether its Prepare may still run: a Lambda does not learn that its execution is over."""
    ended_at = (execution.get("stopDate") or 0) / 1000
    return execution["status"] != "FAILED" and time.time() < ended_at + MAX_PREPARE_S
