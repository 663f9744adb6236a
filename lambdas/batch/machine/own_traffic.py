"""The requests that this stack's own batches send to other models, which CloudWatch counts for the whole account."""

from __future__ import annotations

from lambdas.batch.machine.run import batch_store
from lambdas.models.lease_store import lease_store
from lambdas.models.recent_traffic import MINUTES, TrafficSeen
from lambdas.processing.pace_store import pace_store

MARGIN = 1.05  # the rate varies, and CloudWatch counts whole minutes


def without_own_batches(traffic: TrafficSeen, model_arn: str, now: float) -> TrafficSeen:
    """The traffic without that of batches which run now with other models. A model's own series has none of it."""
    if traffic.of_model or not traffic.requests:
        return traffic
    own = sum(
        _requests(lease.model_arn, lease.run_id, now)
        for lease in lease_store().all()
        if lease.kind == "process" and lease.model_arn != model_arn
    )
    return TrafficSeen(max(0, traffic.requests - round(own)), of_model=False)


def _requests(model_arn: str, run_id: str, now: float) -> float:
    """The requests of a batch in the last minutes, by its pace."""
    pace = pace_store(model_arn, "batch").load()
    try:
        began_at = batch_store(run_id).load().state.began_at
    except KeyError:
        return 0.0
    if pace is None or began_at is None:
        return 0.0
    return MARGIN * pace.rate * min(now - began_at, 60.0 * (MINUTES + 1))
