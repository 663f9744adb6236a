"""A run's item as whoever watches the run sees it: one read, and nothing but what is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.aws.table import plain, serialized
from lambdas.runs.receipt import Receipt


@dataclass(frozen=True)
class RunView:
    """What the run is doing, how far it has come (`so_far`), and how its model was left, once that was looked at."""

    phase: str
    so_far: Mapping[str, Any]
    receipt: Receipt | None


def view_run(client: Any, table: str, run_id: str) -> RunView | None:
    """The run as of now; None while nothing is known of it."""
    key = serialized({"pk": f"RUN#{run_id}", "sk": "RUN"})
    answer = client.get_item(TableName=table, Key=key, ConsistentRead=True)
    if "Item" not in answer:
        return None
    item = plain(answer["Item"])
    receipt = Receipt.from_mapping(json.loads(item["receipt"])) if "receipt" in item else None
    return RunView(str(item.get("phase", "preparing")), json.loads(item.get("liveProgress", "{}")), receipt)


def past_runs(client: Any, table: str, model_arn: str, most: int) -> list[dict[str, Any]]:
    """A model's last runs, the latest first: the output of each that has one, with `startedAt`.

    A run that failed has `status`, `error` and `cause` instead, or beside its output if it failed after publishing it.
    """
    pages = client.get_paginator("query").paginate(
        TableName=table,
        ScanIndexForward=False,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues=serialized({":pk": f"MODEL#{model_arn}", ":sk": "RUN#"}),
        PaginationConfig={"MaxItems": most},
    )
    return [_past_run(model_arn, plain(item)) for page in pages for item in page["Items"]]


def _past_run(model_arn: str, item: Mapping[str, Any]) -> dict[str, Any]:
    run = {"startedAt": item["sk"].removeprefix("RUN#"), "runId": item.get("runId"), "modelArn": model_arn}
    output = json.loads(item.get("output", "{}"))
    if "error" not in item:
        return {**run, **output}
    status = item["error"] if item["error"] in ("ABORTED", "TIMED_OUT") else "FAILED"
    return {**run, **output, "status": status, "error": item["error"], "cause": item.get("cause", "")}
