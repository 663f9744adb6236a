"""Reads the runs table: the progress of a run, the holder of a model's lease, and a model's past runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from iu_tuner.contract.batch.live_batch import live_run
from iu_tuner.contract.names import LEASE_ITEM, PACE_ITEM, RUN_ITEM, SERVED_RUN_PREFIX, UPLOADS_ITEM, model_pk, run_pk
from iu_tuner.contract.output.json_values import from_json
from iu_tuner.contract.output.live_run import LiveRun
from iu_tuner.contract.output.result import Output
from iu_tuner.contract.uploads.live_serve import LiveServe, LiveServeRun


@dataclass(frozen=True)
class PastRun:
    """A finished run, as `history --json` shows it: its output, or its error, or both."""

    values: Mapping[str, Any]

    @property
    def output(self) -> Output | None:
        """The output of a measurement. Returns None if it published none, for a batch, and for a run for uploads."""
        is_measurement = "verdict" in self.values and "task" not in self.values
        return from_json(Output, self.values) if is_measurement else None


@dataclass(frozen=True)
class ModelPace:
    """The rate of a model in requests/s, as far as its pace knows it, if it has one. It may be a guess."""

    tps: float | None = None
    is_guess: bool = False


@dataclass(frozen=True)
class RunsTable:
    """The runs table of one deployment."""

    client: Any
    name: str

    def run(self, run_id: str) -> LiveRun | None:
        """The current state of the run. Returns None as long as the table has no item of it."""
        item = self._item(run_pk(run_id), RUN_ITEM)
        if item is None or "liveServe" not in item:
            return live_run(item) if item else None
        uploads_item, run = self._item(model_pk(str(item["modelArn"])), UPLOADS_ITEM), live_run(item)
        return LiveServeRun(run.phase, run.progress, run.receipt, LiveServe.of(item, uploads_item or {}))

    def lease(self, model_arn: str) -> dict[str, Any] | None:
        """The model's lease. Returns None if the model has none."""
        return self._item(model_pk(model_arn), LEASE_ITEM)

    def holder(self, model_arn: str) -> str | None:
        """The id of the run that holds the model's lease. Returns None if the model has no lease."""
        item = self.lease(model_arn)
        return str(item["runId"]) if item else None

    def pace(self, model_arn: str) -> ModelPace:
        """The pace that batches and uploads of the model share."""
        item = self._item(model_pk(model_arn), PACE_ITEM)
        if item is None:
            return ModelPace()
        if item.get("seeking"):  # the rate goes up from the guess, which is the ceiling
            return ModelPace(float(item.get("ceiling") or item["rate"]), is_guess=True)
        return ModelPace(float(item["rate"]), bool(item.get("slowStart")))

    def past_runs(self, model_arn: str, max_runs: int) -> list[PastRun]:
        """The model's last runs, the latest first: measurements, batches, and runs for uploads."""
        items: dict[str, dict[str, Any]] = {}  # by start time: a run for uploads that failed late has two items
        for prefix in ("RUN#", SERVED_RUN_PREFIX):
            for item in self._newest_items(model_arn, prefix, max_runs):
                items.setdefault(item["sk"].removeprefix(prefix), {}).update(item)
        return [
            _past_run(model_arn, started_at, items[started_at]) for started_at in sorted(items, reverse=True)[:max_runs]
        ]

    def _newest_items(self, model_arn: str, prefix: str, max_items: int) -> Iterator[dict[str, Any]]:
        """The model's last items of one kind, the latest first."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            ScanIndexForward=False,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": {"S": model_pk(model_arn)}, ":sk": {"S": prefix}},
            PaginationConfig={"MaxItems": max_items},
        )
        return (_plain_item(item) for page in pages for item in page["Items"])

    def _item(self, pk: str, sk: str) -> dict[str, Any] | None:
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        reply = self.client.get_item(TableName=self.name, Key=key, ConsistentRead=True)
        return _plain_item(reply["Item"]) if "Item" in reply else None


def _plain_item(item: Mapping[str, Any]) -> dict[str, Any]:
    deserializer = TypeDeserializer()
    return {name: deserializer.deserialize(value) for name, value in item.items()}


def _past_run(model_arn: str, started_at: str, item: Mapping[str, Any]) -> PastRun:
    run = {"startedAt": started_at, "runId": item.get("runId"), "modelArn": model_arn}
    output = json.loads(item.get("output") or item.get("batchOutput") or item.get("serveOutput") or "{}")
    if "error" not in item:
        return PastRun({**run, **output})
    status = item["error"] if item["error"] in ("ABORTED", "TIMED_OUT") else "FAILED"
    return PastRun({**run, **output, "status": status, "error": item["error"], "cause": item.get("cause", "")})
