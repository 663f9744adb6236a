"""ReleaseModel: one look at the model, one move towards what the run owes it. Every run comes through here."""

from __future__ import annotations

from typing import Any

from iu_tuner.contract.model_arn import model_arn_in
from lambdas.aws.logging import logged
from lambdas.cleanup.cleanup import settle
from lambdas.models.lease_store import lease_store


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    """`{"runId", "input", "failed"}` -> `{"settled"}`; false: wait, then come again.

    A run that holds no lease has touched no model, and owes nothing. One that failed applies nothing.
    """
    model_arn = model_arn_in(event["input"])
    lease = lease_store().of(model_arn) if model_arn else None
    ours = lease is not None and lease.run_id == event["runId"]
    answered = not event.get("failed", True)
    return {"settled": settle(lease, by="finally", answered=answered) if lease and ours else True}
