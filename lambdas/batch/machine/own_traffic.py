"""The requests that this stack's own batches and uploads send to other models, which CloudWatch counts, too."""

from __future__ import annotations

from lambdas.batch.machine.run import batch_store
from lambdas.models.lease_store import lease_store
from lambdas.models.recent_traffic import RECENT_MINUTES, TrafficSeen
from lambdas.models.registry import usage_of
from lambdas.processing.pace_store import pace_store
from lambdas.runs.sent_requests import sent_requests

PACE_MARGIN = 1.05  # the rate varies, and CloudWatch counts whole minutes


def traffic_of_others(model_arn: str, now: float) -> TrafficSeen:
    """The recent traffic of a running model from outside this stack."""
    return without_own_requests(usage_of(model_arn).recent_requests(now), model_arn, now)


def without_own_requests(traffic: TrafficSeen, model_arn: str, now: float) -> TrafficSeen:
    """The traffic without that of batches and uploads with other models. A model's own series has none of it.

    A batch that runs has not recorded its present round: its pace says what it sends. All else is recorded.
    """
    if traffic.of_model or not traffic.requests:
        return traffic
    batch_runs = {lease.model_arn: lease.run_id for lease in lease_store().all() if lease.kind == "process"}
    own_count = sum(_requests(arn, run_id, now) for arn, run_id in batch_runs.items() if arn != model_arn)
    recorded_counts = sent_requests().since(now - 60.0 * (RECENT_MINUTES + 1), now)
    own_count += sum(count for arn, count in recorded_counts.items() if arn != model_arn and arn not in batch_runs)
    return TrafficSeen(max(0, traffic.requests - round(own_count)), of_model=False)


def _requests(model_arn: str, run_id: str, now: float) -> float:
    """The requests of a batch in the last minutes, by its pace."""
    pace = pace_store(model_arn, "batch").load()
    try:
        began_at = batch_store(run_id).load().state.began_at
    except KeyError:
        return 0.0
    if pace is None or began_at is None:
        return 0.0
    return PACE_MARGIN * pace.rate * min(now - began_at, 60.0 * (RECENT_MINUTES + 1))
