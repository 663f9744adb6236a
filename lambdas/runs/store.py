"""The items of a run in the runs table: its plan, its progress, its steps' counts, its result.

| pk           | sk                        | holds                                       |
|--------------|---------------------------|---------------------------------------------|
| RUN#<runId>  | RUN                       | plan (JSON), progress, phase, live progress (`contract.output.live_run`) |
| RUN#<runId>  | STEP#<nn>                 | the plan and the start of a step            |
| RUN#<runId>  | STEP#<nn>#WORKER#<nnnn>   | one worker's counts of that step            |
| RUN#<runId>  | CLOSED#<nn>               | a finished step with the merged counts of its workers |
| RUN#<runId>  | RESULT                    | the findings of Recommend                   |
| RUN#<runId>  | TRAFFIC                   | past requests to plan for (`history_items`)  |
| MODEL#<arn>  | RUN#<ISO start time>      | the run's result, or why it failed (`history`) |
| RUNS         | <ISO time>#<runId>        | when a run had its model running (`history_items`) |
| SENT         | <end>#<random>            | requests of a worker or of uploads (`sent_requests`) |
| UPLOADS#<prefix> | <modelArn>            | the last upload, and what runs have covered (`upload_watch`) |
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from typing import Any, TypeVar

from iu_tuner.contract.names import RUN_ITEM, model_pk, run_pk
from iu_tuner.contract.output.json_values import from_json, to_json
from iu_tuner.contract.output.live_run import LiveProgress, Receipt
from iu_tuner.contract.output.result import Findings
from lambdas.aws.settings import settings
from lambdas.aws.table import COUNTS_KEPT_S, RESULTS_KEPT_S, Json, Partition, as_json, dynamodb_client
from lambdas.load.counts import WorkerCounts
from lambdas.load.measured_step import MeasuredStep, merged_step
from lambdas.load.step import StepPlan
from lambdas.runs.model_run import ModelRun
from lambdas.runs.progress import Progress
from lambdas.runs.run import Run
from lambdas.runs.step_rows import measured_so_far
from lambdas.runs.store_items import PROGRESS, RUN, closed_item, closed_step, counts_item, measured_step, step_item

AnyRun = TypeVar("AnyRun", bound=ModelRun)
_MODEL_RUN = Json(ModelRun)
# The attributes that a step is read from. Of a worker's item that is `counts` alone, as each value takes time to read.
_STEP_ATTRIBUTES = ("sk", "plan", "startAt", "leadS", "counts", "refusedWorkers")


class RunStore:
    """One run's items, and its result among the model's past runs."""

    def __init__(self, client: Any, table: str, run_id: str) -> None:
        self._client = client
        self._table = table
        self._items = Partition(client, table, run_pk(run_id), kept_s=COUNTS_KEPT_S)

    def create(self, run: Run) -> None:
        """Save the plan of a run."""
        self._items.put(RUN_ITEM, {"plan": RUN.text(run), "modelArn": run.model_arn, "phase": "starting"})

    def measurement_or_none(self) -> tuple[Run, Progress] | None:
        """Like `load`, but returns None if Prepare has not saved the run, or if it is no measurement."""
        with suppress(KeyError):
            return None if self._items.get(RUN_ITEM).get("task") else self.load()
        return None

    def load(self) -> tuple[Run, Progress]:
        """A measurement, with the inference units of its model, and its progress. Raises KeyError if there is none."""
        return self.load_plan(RUN)

    def load_model_run_or_none(self) -> tuple[ModelRun, Progress] | None:
        """Like `load_model_run`, but returns None if the run is not saved yet."""
        with suppress(KeyError):
            return self.load_model_run()
        return None

    def load_model_run(self) -> tuple[ModelRun, Progress]:
        """What any run, a measurement or a batch, knows of its model. Raises KeyError if there is none."""
        return self.load_plan(_MODEL_RUN)

    def load_plan(self, kind: Json[AnyRun]) -> tuple[AnyRun, Progress]:
        """The plan of a run of this kind, and its progress. Raises KeyError if there is none."""
        item = self._items.get(RUN_ITEM)
        # Version 0.1.0 wrote another name; the model of a run that an update interrupts must be released, too.
        plan = item["plan"].replace('"units_asked":', '"requested_units":')
        run, progress = kind.read(plan), PROGRESS.read(item.get("progress", "{}"))
        if progress.inference_units is not None:
            run = replace(run, inference_units=progress.inference_units, auto_scales_to=progress.auto_scales_to)
        return run, progress

    def save_progress(self, progress: Progress, *, phase: str | None = None) -> None:
        """Save the progress, and the phase if it changes."""
        self._items.update(RUN_ITEM, {"progress": PROGRESS.text(progress), **({"phase": phase} if phase else {})})

    def save_live_progress(self, progress: LiveProgress) -> None:
        """Save the live progress, which clients show."""
        self._items.update(RUN_ITEM, {"liveProgress": as_json(to_json(progress))})

    def save_receipt(self, receipt: Receipt, *, phase: str, is_final: bool) -> None:
        """Save the receipt and the phase. Once a final receipt is saved, only a final one replaces it."""
        values = {"receipt": receipt.write(), "phase": phase}
        if is_final:
            self._items.update(RUN_ITEM, {**values, "settled": True})
        else:  # fails silently if another caller has saved the final one
            self._items.update(RUN_ITEM, values, condition="attribute_not_exists(settled)")

    def receipt(self) -> Receipt:
        """The saved receipt."""
        return Receipt.read(self._items.get(RUN_ITEM)["receipt"])

    def fail(self, error: str, cause: str) -> None:
        """Save why the run failed, and what it has measured until then."""
        measured_values = as_json(measured_so_far(self.steps()))
        self._items.update(
            RUN_ITEM, {"phase": "failed", "error": error, "cause": cause, "measuredSoFar": measured_values}
        )

    def plan_step(self, number: int, plan: StepPlan, start_at: float, lead_s: float) -> None:
        """Save a step's plan before its workers start."""
        self._items.put(f"STEP#{number:02}", step_item(plan, start_at, lead_s))

    def put_counts(self, number: int, worker: int, counts: WorkerCounts) -> None:
        """Save one worker's counts of one step. Idempotent: a worker that runs twice overwrites its counts."""
        self._items.put(f"STEP#{number:02}#WORKER#{worker:04}", counts_item(counts))

    def steps(self) -> list[MeasuredStep]:
        """All steps planned so far, in order, each with the counts that its workers have saved."""
        closed_steps = self._closed_steps()
        return [*closed_steps, *self._counted_steps(after=closed_steps)]

    def compact_steps(self, refused_workers: int = 0) -> list[MeasuredStep]:
        """Like `steps`, after all workers have ended: saves the merged counts of each step in one item.

        Counts that a worker saves later are ignored, as the next steps were planned without them.
        `refused_workers` is the number of the last step's workers that Lambda refused to run.
        """
        closed_steps = self._closed_steps()
        counted_steps = self._counted_steps(after=closed_steps)
        if counted_steps:
            counts = replace(counted_steps[-1].counts, refused_workers=refused_workers)
            counted_steps[-1] = replace(counted_steps[-1], counts=counts)
        for step in counted_steps:
            self._items.put(f"CLOSED#{step.number:02}", closed_item(step))
        return [*closed_steps, *counted_steps]

    def _closed_steps(self) -> list[MeasuredStep]:
        return [closed_step(item) for item in self._items.query("CLOSED#", "CLOSED#~", _STEP_ATTRIBUTES)]

    def _counted_steps(self, *, after: Sequence[MeasuredStep]) -> list[MeasuredStep]:
        """The steps that are not compacted yet, from their workers' items, which sort after the step's own item."""
        first_number = after[-1].number + 1 if after else 0
        items = self._items.query(f"STEP#{first_number:02}", "STEP#~", _STEP_ATTRIBUTES)
        steps = groupby(items, key=lambda item: int(item["sk"].split("#")[1]))
        return [merged_step(measured_step(number, next(of_step), of_step)) for number, of_step in steps]

    def save_measurement(self, findings: Findings) -> None:
        """Save the findings of Recommend until the model is released."""
        self._items.put("RESULT", {"findings": as_json(to_json(findings))})

    def load_measurement(self) -> Findings:
        """The findings of Recommend."""
        return from_json(Findings, json.loads(self._items.get("RESULT")["findings"]))

    def publish_output(
        self, run: ModelRun, output: Any, *, name: str = "output", sk: str = "RUN#", task: str = ""
    ) -> None:
        """Save the run's output, as the attribute `name`, among the model's past runs: those with the prefix `sk`."""
        values = {name: as_json(to_json(output)), "runId": run.run_id, "verdict": output.verdict}
        results = Partition(self._client, self._table, model_pk(run.model_arn), kept_s=RESULTS_KEPT_S)
        results.put(f"{sk}{run.started_at}", {**values, "task": task} if task else values)
        self._items.update(RUN_ITEM, {"phase": "finished"})


def run_store(run_id: str) -> RunStore:
    """The store of a run in this stack's table."""
    return RunStore(dynamodb_client(), settings().runs_table, run_id)
