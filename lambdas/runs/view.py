"""A run's item as whoever watches the run sees it: one read, and nothing but what is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.aws.table import Partition
from lambdas.runs.receipt import Receipt
from lambdas.runs.store_items import receipt_of


@dataclass(frozen=True)
class RunView:
    """What the run is doing, how far it has come (`so_far`), and how its model was left, once that was looked at."""

    phase: str
    so_far: Mapping[str, Any]
    receipt: Receipt | None


def view_run(client: Any, table: str, run_id: str) -> RunView | None:
    """The run as of now; None while nothing is known of it."""
    try:
        item = Partition(client, table, f"RUN#{run_id}").get("RUN")
    except KeyError:
        return None
    return RunView(str(item.get("phase", "preparing")), json.loads(item.get("liveProgress", "{}")), receipt_of(item))


def past_runs(client: Any, table: str, model_arn: str, most: int) -> list[dict[str, Any]]:
    """A model's last runs, the latest first: the output of each that has one, with `startedAt`.

    A run that failed has `status`, `error` and `cause` instead, or beside its output if it failed after publishing it.
    """
    items = Partition(client, table, f"MODEL#{model_arn}").newest("RUN#", "RUN#~", most)
    return [_past_run(model_arn, item) for item in items]


def _past_run(model_arn: str, item: Mapping[str, Any]) -> dict[str, Any]:
    run = {"startedAt": item["sk"].removeprefix("RUN#"), "runId": item.get("runId"), "modelArn": model_arn}
    output = json.loads(item.get("output", "{}"))
    if "error" not in item:
        return {**run, **output}
    status = item["error"] if item["error"] in ("ABORTED", "TIMED_OUT") else "FAILED"
    return {**run, **output, "status": status, "error": item["error"], "cause": item.get("cause", "")}
