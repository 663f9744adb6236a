"""A run's item as whoever watches the run sees it: one read, and nothing but what is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.adapters.run_items import plain, serialized
from lambdas.capacity.receipt import Receipt


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
    return RunView(str(item.get("phase", "preparing")), json.loads(item.get("soFar", "{}")), receipt)


def past_runs(client: Any, table: str, model_arn: str, most: int) -> list[dict[str, Any]]:
    """The outputs of a model's runs that had an answer, the latest first, each with `startedAt`."""
    pages = client.get_paginator("query").paginate(
        TableName=table,
        ScanIndexForward=False,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues=serialized({":pk": f"MODEL#{model_arn}", ":sk": "RUN#"}),
        PaginationConfig={"MaxItems": most},
    )
    items = (plain(item) for page in pages for item in page["Items"])
    return [{"startedAt": item["sk"].removeprefix("RUN#"), **json.loads(item["output"])} for item in items]
