"""The requests that this stack sent to models in the last minutes, which CloudWatch counts among those of others.

An item of the runs table for each worker's round and each batch of uploads: `SENT` / `<end>#<random>`.
"""

from __future__ import annotations

from collections import Counter
from uuid import uuid4

from lambdas.aws.settings import settings
from lambdas.aws.table import Partition, dynamodb_client

KEPT_S = 3600
LONGEST_S = 900.0  # of one sender: the longest that a Lambda runs
_PK = "SENT"


class SentRequests:
    """The requests sent, by model."""

    def __init__(self, items: Partition) -> None:
        self._items = items

    def add(self, model_arn: str, requests: int, began_at: float, ended_at: float) -> None:
        """Record requests sent between two times (epoch seconds)."""
        if requests > 0:
            values = {"modelArn": model_arn, "requests": requests, "beganAt": began_at, "endedAt": ended_at}
            self._items.update(f"{ended_at:.3f}#{uuid4().hex[:8]}", values)

    def since(self, moment: float, now: float) -> Counter[str]:
        """The requests by model from `moment` to `now`. One sender's requests count as evenly spread over its time."""
        sent_counts = Counter[str]()
        attributes = ("modelArn", "requests", "beganAt", "endedAt")
        for item in self._items.query(f"{moment:.3f}", f"{now + LONGEST_S:.3f}", attributes):
            seconds = max(item["endedAt"] - item["beganAt"], 1e-3)
            inside_s = min(seconds, item["endedAt"] - moment)
            sent_counts[item["modelArn"]] += round(item["requests"] * inside_s / seconds)
        return sent_counts


def sent_requests() -> SentRequests:
    """Those of this stack's table."""
    return SentRequests(Partition(dynamodb_client(), settings().runs_table, _PK, kept_s=KEPT_S))
