"""RescueModel: ends what an execution left behind that failed, timed out or was aborted.

Nothing inside a state machine runs after a timeout or an abort; the rule on its status change does. Its
events come through a queue, so that one whose model is not settled yet comes back.
"""

from __future__ import annotations

import json
from typing import Any

from lambdas.adapters.leases import lease_book
from lambdas.adapters.logs import logged
from lambdas.adapters.settlement import settle_ended, tell_ended
from lambdas.adapters.work_queue import come_back
from lambdas.capacity.model_arn import model_arn_in


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Queue messages with status changes -> `{"batchItemFailures"}`: those that have to come back."""
    unsettled = [record for record in event["Records"] if not _settled(json.loads(record["body"])["detail"])]
    return come_back(unsettled)


def _settled(ended: dict[str, Any]) -> bool:
    model_arn = model_arn_in(json.loads(ended["input"]))
    lease = lease_book().of(model_arn) if model_arn else None
    if lease is not None and lease.run_id == ended["name"]:
        return settle_ended(lease, ended["status"], by="rule")
    tell_ended(ended["name"], model_arn, ended["status"])
    return True
