"""SettleModel: one look at the model, one move towards what the run owes it. Every run comes through here."""

from __future__ import annotations

from typing import Any

from lambdas.adapters.leases import lease_book
from lambdas.adapters.logs import logged
from lambdas.adapters.settlement import settle
from lambdas.capacity.model_arn import model_arn_in


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    """`{"runId", "input", "failed"}` -> `{"settled"}`; false: wait, then come again.

    A run that holds no lease has touched no model, and owes nothing. One that failed applies nothing.
    """
    model_arn = model_arn_in(event["input"])
    lease = lease_book().of(model_arn) if model_arn else None
    ours = lease is not None and lease.run_id == event["runId"]
    answered = not event.get("failed", True)
    return {"settled": settle(lease, by="finally", answered=answered) if lease and ours else True}
