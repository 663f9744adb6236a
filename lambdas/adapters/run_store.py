"""The runs table: a run's plan and progress, its steps' counts, the models' results.

| pk           | sk                        | holds                                       |
|--------------|---------------------------|---------------------------------------------|
| RUN#<runId>  | RUN                       | plan (JSON), progress, phase, so far (read by `run_view`) |
| RUN#<runId>  | STEP#<nn>                 | a step's plan and start                     |
| RUN#<runId>  | STEP#<nn>#WORKER#<nnnn>   | one worker's counts of it, written once     |
| RUN#<runId>  | RESULT                    | what Recommend found, before the model stops |
| RUN#<runId>  | TRAFFIC                   | past requests to plan for (`history_items`)  |
| MODEL#<arn>  | RUN#<ISO start time>      | the run's result                            |
| MODEL#<arn>  | RUN#<ISO start time>      | the run's result, or why it failed (`history`) |
| UPLOADS#<prefix> | <modelArn>            | what was uploaded, and the run for it (`upload_book`) |
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from lambdas.adapters.run_items import counts_item, counts_of, plain, serialized
from lambdas.adapters.settings import settings
from lambdas.capacity.receipt import Receipt
from lambdas.capacity.run import Progress, Run
from lambdas.capacity.step import MeasuredStep, StepCounts, StepPlan, WorkerCounts
from lambdas.capacity.step_rows import measured_so_far

COUNTS_KEPT_S = 90 * 24 * 3600  # as long as Step Functions keeps an execution's history
RESULTS_KEPT_S = 3 * 365 * 24 * 3600


class RunStore:
    """One run's items, and its result in the model's history."""

    def __init__(self, client: Any, table: str, run_id: str) -> None:
        self._client = client
        self._table = table
        self._pk = f"RUN#{run_id}"

    def create(self, run: Run) -> None:
        """Keep what Prepare settled."""
        self._put("RUN", {"plan": _json(run.as_mapping()), "modelArn": run.model_arn, "phase": "starting"})

    def known_if_prepared(self) -> tuple[Run, Progress] | None:
        """The same as `known`; None when Prepare never came so far."""
        with suppress(KeyError):
            return self.known()
        return None

    def known(self) -> tuple[Run, Progress]:
        """What Prepare settled, with the units it then ran with, and what happened since. KeyError: none yet."""
        item = self._get("RUN")
        kept = json.loads(item.get("progress", "{}"))
        run, seen = Run.from_mapping(json.loads(item["plan"])), Progress.from_mapping(kept)
        if seen.inference_units is not None:
            run = replace(run, inference_units=seen.inference_units, auto_scales_to=seen.auto_scales_to)
        return run, seen

    def note(self, progress: Progress, *, phase: str | None = None) -> None:
        """Keep the progress, and the phase for whoever watches."""
        self._update({"progress": _json(asdict(progress)), **({"phase": phase} if phase else {})})

    def note_so_far(self, so_far: Mapping[str, Any]) -> None:
        """Keep how far the run has come, for whoever watches."""
        self._update({"soFar": _json(so_far)})

    def settling(self, receipt: Receipt, *, phase: str, final: bool) -> None:
        """Keep the receipt as it stands, and the phase for whoever watches; after the final one only finals."""
        values = {"receipt": _json(asdict(receipt)), "phase": phase}
        try:
            if final:
                self._update({**values, "settled": True})
            else:
                self._update(values, condition="attribute_not_exists(settled)")
        except self._client.exceptions.ConditionalCheckFailedException:
            pass  # somebody quicker has settled it meanwhile

    def receipt(self) -> Receipt:
        """How the model was left."""
        return Receipt.from_mapping(json.loads(self._get("RUN")["receipt"]))

    def fail(self, error: str, cause: str) -> None:
        """Keep why the run failed, and what it had measured by then."""
        so_far = _json(measured_so_far(self.steps()))
        self._update({"phase": "failed", "error": error, "cause": cause, "measuredSoFar": so_far})

    def plan_step(self, number: int, plan: StepPlan, start_at: float, lead_s: float) -> None:
        """Keep a step's plan before its workers start."""
        self._put(
            f"STEP#{number:02}", {"plan": _json(plan.as_mapping()), "startAt": start_at, "leadS": lead_s}
        )

    def put_counts(self, number: int, worker: int, counts: WorkerCounts) -> None:
        """Keep one worker's counts of one step. A worker that runs twice overwrites, never adds."""
        self._put(f"STEP#{number:02}#WORKER#{worker:04}", counts_item(counts))

    def steps(self) -> list[MeasuredStep]:
        """All steps planned so far, in order, each with the counts that came back."""
        plans: dict[int, Mapping[str, Any]] = {}
        counts: dict[int, list[WorkerCounts]] = {}
        for item in self._query("STEP#"):
            number = int(item["sk"].split("#")[1])
            if "#WORKER#" in item["sk"]:
                counts.setdefault(number, []).append(counts_of(item))
            else:
                plans[number] = item
        return [
            MeasuredStep(
                number,
                float(item["startAt"]),
                float(item["leadS"]),
                StepCounts(StepPlan.from_mapping(json.loads(item["plan"])), counts.get(number, [])),
            )
            for number, item in sorted(plans.items())
        ]

    def put_findings(self, findings: Mapping[str, Any]) -> None:
        """Keep what Recommend found until the model has stopped."""
        self._put("RESULT", {"findings": _json(findings)})

    def findings(self) -> dict[str, Any]:
        """What Recommend found."""
        found: dict[str, Any] = json.loads(self._get("RESULT")["findings"])
        return found

    def publish(self, run: Run, output: Mapping[str, Any]) -> None:
        """Keep the run's output in the model's history."""
        item = {"pk": f"MODEL#{run.model_arn}", "sk": f"RUN#{run.started_at}", "output": _json(output)}
        self._write({**item, "runId": run.run_id, "verdict": output["verdict"]}, RESULTS_KEPT_S)
        self._update({"phase": "finished"})

    def _put(self, sk: str, values: Mapping[str, Any]) -> None:
        self._write({"pk": self._pk, "sk": sk, **values}, COUNTS_KEPT_S)

    def _write(self, item: Mapping[str, Any], kept_s: int) -> None:
        item = {**item, "expiresAt": int(time.time()) + kept_s}
        self._client.put_item(TableName=self._table, Item=serialized(item))

    def _update(self, values: Mapping[str, Any], *, condition: str | None = None) -> None:
        values = {**values, "expiresAt": int(time.time()) + COUNTS_KEPT_S}
        names = {f"#{index}": name for index, name in enumerate(values)}
        self._client.update_item(
            TableName=self._table,
            Key=serialized({"pk": self._pk, "sk": "RUN"}),
            UpdateExpression="SET " + ", ".join(f"{alias} = :{alias[1:]}" for alias in names),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=serialized(
                {f":{index}": value for index, value in enumerate(values.values())}
            ),
            **({"ConditionExpression": condition} if condition else {}),
        )

    def _get(self, sk: str) -> dict[str, Any]:
        key = serialized({"pk": self._pk, "sk": sk})
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        if "Item" not in answer:
            raise KeyError(f"the runs table has no item {self._pk} / {sk}")
        return plain(answer["Item"])

    def _query(self, prefix: str) -> Iterable[dict[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues=serialized({":pk": self._pk, ":sk": prefix}),
        )
        return (plain(item) for page in pages for item in page["Items"])


@cache
def dynamodb_client() -> Any:
    """The DynamoDB client. It gives up in seconds: whoever waits for it may have a model to stop."""
    return boto3.client(
        "dynamodb",
        config=Config(
            retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=3, read_timeout=5
        ),
    )


def run_store(run_id: str) -> RunStore:
    """The store of a run in this stack's table."""
    return RunStore(dynamodb_client(), settings().runs_table, run_id)


def _json(values: Any) -> str:
    """As small as it gets: an item holds 400 kB, and a key may be written in any script."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))
