"""The request history of a run in the runs table, `RUN#<runId>` / `TRAFFIC`, and this tuner's own runs in it.

21,600 minutes of random counts take 60 kB; an item holds 400 kB.
"""

from __future__ import annotations

import base64
import json
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from lambdas.adapters.partition import COUNTS_KEPT_S, RESULTS_KEPT_S
from lambdas.adapters.run_items import plain, serialized
from lambdas.capacity.request_history import RequestHistory


class HistoryItems:
    """Keeps what Prepare read until Recommend needs it."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def keep(self, run_id: str, history: RequestHistory) -> None:
        """Write it down for the run."""
        written = json.dumps(asdict(history), separators=(",", ":")).encode()
        self._client.put_item(
            TableName=self._table,
            Item=serialized(
                {
                    "pk": f"RUN#{run_id}",
                    "sk": "TRAFFIC",
                    "history": base64.b64encode(zlib.compress(written)).decode(),
                    "expiresAt": int(time.time()) + COUNTS_KEPT_S,
                }
            ),
        )

    def kept(self, run_id: str) -> RequestHistory:
        """What was kept for the run."""
        answer = self._client.get_item(
            TableName=self._table,
            Key=serialized({"pk": f"RUN#{run_id}", "sk": "TRAFFIC"}),
            ConsistentRead=True,
        )
        values = json.loads(zlib.decompress(base64.b64decode(plain(answer["Item"])["history"])))
        return RequestHistory(**{**values, "counts": tuple(values["counts"])})

    def own_runs(self, model_arn: str, since_s: float) -> list[tuple[float, float]]:
        """When earlier runs of this tuner had the model running, in seconds since the epoch."""
        # A run that began before may reach into the time asked for.
        first = datetime.fromtimestamp(since_s - 86_400, UTC).isoformat(timespec="milliseconds")
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues=serialized(
                {":pk": f"MODEL#{model_arn}", ":first": f"RUN#{first}", ":last": "RUN#~"}
            ),
        )
        return [span for page in pages for item in page["Items"] for span in _ran(plain(item))]


def _ran(item: dict[str, Any]) -> Iterator[tuple[float, float]]:
    # A run that failed has no output.
    model = json.loads(item.get("output", "{}")).get("model", {})
    if not model.get("startedAt"):
        return
    # A model that was left running has no end; the run had one when its result was written.
    stopped_at, written_at = model.get("stoppedAt"), float(item.get("expiresAt", 0)) - RESULTS_KEPT_S
    yield _epoch(model["startedAt"]), _epoch(stopped_at) if stopped_at else written_at


def _epoch(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
