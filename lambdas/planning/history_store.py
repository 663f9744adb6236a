"""The request history of a run in the runs table, and this tuner's own runs in it.

| pk          | sk                    | holds                                                          |
|-------------|-----------------------|----------------------------------------------------------------|
| RUN#<runId> | TRAFFIC               | past requests; 21,600 random minutes take 60 kB of an item's 400 |
| RUNS        | <ISO time>#<runId>    | when a run of any model had it running: `since`, `until`, `modelArn` |
"""

from __future__ import annotations

import base64
import zlib
from typing import Any

from iu_tuner.contract.names import run_pk
from iu_tuner.formats import iso
from lambdas.aws.table import COUNTS_KEPT_S, RESULTS_KEPT_S, Json, Partition
from lambdas.planning.request_history import RequestHistory

_HISTORY = Json(RequestHistory)


class HistoryItems:
    """Holds what Prepare reads until Recommend needs it."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table
        self._own_runs = Partition(client, table, "RUNS", kept_s=RESULTS_KEPT_S)

    def save(self, run_id: str, history: RequestHistory) -> None:
        """Save the history for the run."""
        compressed = base64.b64encode(zlib.compress(_HISTORY.text(history).encode())).decode()
        self._of_run(run_id).put("TRAFFIC", {"history": compressed})

    def load(self, run_id: str) -> RequestHistory:
        """The history that was saved for the run. Raises KeyError if there is none."""
        compressed = self._of_run(run_id).get("TRAFFIC")["history"]
        return _HISTORY.read(zlib.decompress(base64.b64decode(compressed)))

    def _of_run(self, run_id: str) -> Partition:
        return Partition(self._client, self._table, run_pk(run_id), kept_s=COUNTS_KEPT_S)

    def save_own_run(self, run_id: str, model_arn: str, since_s: float, until_s: float) -> None:
        """Save when a run of this tuner had its model running. Idempotent."""
        values = {"modelArn": model_arn, "since": round(since_s, 3), "until": round(until_s, 3)}
        self._own_runs.update(f"{iso(since_s)}#{run_id}", values)

    def own_runs(self, since_s: float, model_arn: str | None) -> list[tuple[float, float]]:
        """When earlier runs had this model running, or any model if None, in seconds since the epoch."""
        # A run that began before may reach into the time asked for.
        first = str(iso(since_s - 86_400))
        return [
            (float(item["since"]), float(item["until"]))
            for item in self._own_runs.query(first, "~", ("modelArn", "since", "until"))
            if model_arn in (None, item["modelArn"])
        ]
