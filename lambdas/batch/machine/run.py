"""A batch as a run: what PrepareBatch decided, and what the states after it found out. Both are in the run's item."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from iu_tuner.contract.batch.batch_input import ProcessInput, parse_process_input
from iu_tuner.contract.batch.live_batch import LiveBatch
from iu_tuner.contract.batch.output import BatchOutput
from iu_tuner.contract.names import RUN_ITEM, run_pk
from iu_tuner.contract.output.json_values import from_json, to_json
from lambdas.aws.settings import settings
from lambdas.aws.table import COUNTS_KEPT_S, Json, Partition, as_json, dynamodb_client
from lambdas.batch.next_round import BatchProgress
from lambdas.batch.shards.store import DynamoShardTable, ShardFiles
from lambdas.batch.unit_capacity import Capacity
from lambdas.processing.first_pace import MeasuredRate
from lambdas.processing.result_store import s3_client
from lambdas.runs.model_run import ModelRun
from lambdas.runs.progress import Progress
from lambdas.runs.store import RunStore, run_store

TASK = "process"


@dataclass(frozen=True, kw_only=True)
class BatchRun(ModelRun):
    """A batch. QuoteBatch, which knows the number of images, may change the inference units.

    `deadline_at` is in epoch seconds. `quota` is the most inference units of one model of the account.
    """

    effective_input: Mapping[str, Any]
    bucket: str  # of the images
    deadline_at: float | None
    measured: MeasuredRate | None  # per inference unit; None for a model without an earlier measurement
    quota: int
    max_workers: int
    found_running: bool
    account_tps: float | None = None  # the account's own quota of requests, if Service Quotas lists it
    warnings: tuple[str, ...] = ()

    @property
    def input(self) -> ProcessInput:
        """The input."""
        return parse_process_input(self.effective_input)


@dataclass(frozen=True)
class BatchState:
    """What a batch has found out. Times are in epoch seconds.

    `began_at` is the time of the first round. `left_because` says why images are left.
    """

    capacity: Capacity | None = None
    expected_usd: float | None = None
    expected_hours: float | None = None
    began_at: float | None = None
    progress: BatchProgress | None = None
    left_because: str | None = None
    units_now: int | None = None


RUN, _STATE = Json(BatchRun), Json(BatchState)


@dataclass(frozen=True)
class LoadedBatch:
    """A batch as it is in the runs table."""

    run: BatchRun
    progress: Progress
    state: BatchState
    refusal: str | None = None  # the sentence about a right that its workers miss

    @property
    def units(self) -> int:
        """The inference units that the model has, or is to have."""
        return self.progress.units_wanted or self.run.inference_units


class BatchStore:
    """The items of one batch. The attributes that all runs have are those of `RunStore`."""

    def __init__(self, client: Any, table: str, run_id: str) -> None:
        self._items = Partition(client, table, run_pk(run_id), kept_s=COUNTS_KEPT_S)
        self.of_run: RunStore = run_store(run_id)
        self.shards = DynamoShardTable(client, table, run_id)

    def save_plan(self, run: BatchRun, *, phase: str) -> None:
        """Save the plan, and the phase."""
        values = {"plan": RUN.text(run), "modelArn": run.model_arn, "task": TASK, "phase": phase}
        self._items.update(RUN_ITEM, values)

    def load(self) -> LoadedBatch:
        """The batch. Raises KeyError if there is none."""
        run, progress = self.of_run.load_plan(RUN)
        item = self._items.get(RUN_ITEM)
        return LoadedBatch(run, progress, _STATE.read(item.get("batchState", "{}")), item.get("refusal"))

    def has_listed(self) -> bool:
        """Whether the listing of the images is complete."""
        try:
            self.shards.load()
        except KeyError:
            return False
        return True

    def save_state(self, state: BatchState, live: LiveBatch) -> None:
        """Save the state, and the progress that clients show."""
        values = {"batchState": _STATE.text(state), "liveBatch": as_json(to_json(live))}
        self._items.update(RUN_ITEM, values)

    def save_refusal(self, sentence: str) -> None:
        """Save that the workers miss a right: the next round would fail as this one."""
        self._items.update(RUN_ITEM, {"refusal": sentence})

    def save_result(self, output: BatchOutput) -> None:
        """Save the output until the model is released."""
        self._items.put("RESULT", {"batchOutput": as_json(to_json(output))})

    def load_result(self) -> BatchOutput:
        """The output without the receipt."""
        return from_json(BatchOutput, json.loads(self._items.get("RESULT")["batchOutput"]))

    def publish(self, run: BatchRun, output: BatchOutput) -> None:
        """Save the output among the model's past runs."""
        self.of_run.publish_output(run, output, name="batchOutput", task=TASK)


def batch_store(run_id: str) -> BatchStore:
    """The store of a batch in this stack's table."""
    return BatchStore(dynamodb_client(), settings().runs_table, run_id)


def files_of(run_id: str) -> ShardFiles:
    """The files of a batch in the report bucket."""
    return ShardFiles(s3_client(16), settings().image_bucket, run_id)


def with_units(run: BatchRun, units: int, requested: int | None, scales_to: int | None) -> BatchRun:
    """The batch with the inference units that QuoteBatch chose."""
    return replace(run, inference_units=units, requested_units=requested, scales_to=scales_to)
