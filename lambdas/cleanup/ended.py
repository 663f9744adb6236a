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


def not_cleaned_up(messages: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], int]]:
    """The messages whose model is not released yet, each with the seconds after which the queue redelivers it."""
    return [(one, settings().model_poll_s) for one in messages if not _cleaned_up(json.loads(one["body"])["detail"])]


def _cleaned_up(ended: Mapping[str, Any]) -> bool:
    leases = lease_store()
    # An event omits an input that is too large for it.
    model_arn = model_arn_in(json.loads(ended.get("input") or "null"))
    lease = leases.get(model_arn) if model_arn else leases.held_by(ended["name"])
    if lease is not None and lease.run_id == ended["name"]:
        return clean_up_ended(lease, ended["status"], by="rule")
    if _may_still_take_a_lease(ended):
        return False
    notify_ended(ended["name"], model_arn, ended["status"])
    return True


def _may_still_take_a_lease(ended: Mapping[str, Any]) -> bool:
    """Whether its Prepare may still run: a Lambda does not learn that its execution is over."""
    ended_at = (ended.get("stopDate") or 0) / 1000
    return ended["status"] != "FAILED" and time.time() < ended_at + MAX_PREPARE_S
