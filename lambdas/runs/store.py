"""The runs table: a run's plan and progress, its steps' counts, the models' results.

| pk           | sk                        | holds                                       |
|--------------|---------------------------|---------------------------------------------|
| RUN#<runId>  | RUN                       | plan (JSON), progress, phase, live progress (`contract.output.live_run`) |
| RUN#<runId>  | STEP#<nn>                 | a step's plan and start                     |
| RUN#<runId>  | STEP#<nn>#WORKER#<nnnn>   | one worker's counts of it, written once     |
| RUN#<runId>  | CLOSED#<nn>               | a step that is over, with the counts of all its workers in one |
| RUN#<runId>  | RESULT                    | what Recommend found, before the model stops |
| RUN#<runId>  | TRAFFIC                   | past requests to plan for (`history_items`)  |
| MODEL#<arn>  | RUN#<ISO start time>      | the run's result, or why it failed (`history`) |
| RUNS         | <ISO time>#<runId>        | when a run had its model running (`history_items`) |
| UPLOADS#<prefix> | <modelArn>            | the last upload, and what runs have covered (`upload_watch`) |
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from typing import Any

from iu_tuner.contract.names import RUN_ITEM, model_pk, run_pk
from iu_tuner.contract.output.json_values import from_json, to_json
from iu_tuner.contract.output.live_run import LiveProgress, Receipt
from iu_tuner.contract.output.result import Findings, Output
from lambdas.aws.settings import settings
from lambdas.aws.table import COUNTS_KEPT_S, RESULTS_KEPT_S, Partition, as_json, dynamodb_client
from lambdas.load.counts import WorkerCounts
from lambdas.load.measured_step import MeasuredStep, merged_step
from lambdas.load.step import StepPlan
from lambdas.runs.progress import Progress
from lambdas.runs.run import Run
from lambdas.runs.step_rows import measured_so_far
from lambdas.runs.store_items import PROGRESS, RUN, closed_item, closed_step, counts_item, measured_step, step_item

# All that a step is read from. Of a worker's item the counts say it all, and each further value costs time to read.
_OF_A_STEP = ("sk", "plan", "startAt", "leadS", "counts", "refusedWorkers")


class RunStore:
    """One run's items, and its result in the model's history."""

    def __init__(self, client: Any, table: str, run_id: str) -> None:
        self._client = client
        self._table = table
        self._items = Partition(client, table, run_pk(run_id), kept_s=COUNTS_KEPT_S)

    def create(self, run: Run) -> None:
        """Save the plan of a run."""
        self._items.put(RUN_ITEM, {"plan": RUN.text(run), "modelArn": run.model_arn, "phase": "starting"})

    def load_or_none(self) -> tuple[Run, Progress] | None:
        """Like `load`, but returns None if Prepare has not saved the run."""
        with suppress(KeyError):
            return self.load()
        return None

    def load(self) -> tuple[Run, Progress]:
        """The run, with the inference units that it runs with, and its progress. Raises KeyError if there is none."""
        item = self._items.get(RUN_ITEM)
        # Version 0.1.0 wrote another name: the model of a run that an update interrupts is released all the same.
        plan = item["plan"].replace('"units_asked":', '"requested_units":')
        run, seen = RUN.read(plan), PROGRESS.read(item.get("progress", "{}"))
        if seen.inference_units is not None:
            run = replace(run, inference_units=seen.inference_units, auto_scales_to=seen.auto_scales_to)
        return run, seen

    def save_progress(self, progress: Progress, *, phase: str | None = None) -> None:
        """Save the progress, and the phase for the client."""
        self._items.update(RUN_ITEM, {"progress": PROGRESS.text(progress), **({"phase": phase} if phase else {})})

    def save_live_progress(self, progress: LiveProgress) -> None:
        """Keep how far the run has come, for whoever watches."""
        self._items.update(RUN_ITEM, {"liveProgress": as_json(to_json(progress))})

    def save_receipt(self, receipt: Receipt, *, phase: str, final: bool) -> None:
        """Keep the receipt as it stands, and the phase for whoever watches; after the final one only finals."""
        values = {"receipt": receipt.write(), "phase": phase}
        if final:
            self._items.update(RUN_ITEM, {**values, "settled": True})
        else:  # nothing to do where somebody quicker has settled it meanwhile
            self._items.update(RUN_ITEM, values, condition="attribute_not_exists(settled)")

    def receipt(self) -> Receipt:
        """How the model was left."""
        return Receipt.read(self._items.get(RUN_ITEM)["receipt"])

    def fail(self, error: str, cause: str) -> None:
        """Keep why the run failed, and what it had measured by then."""
        so_far = as_json(measured_so_far(self.steps()))
        self._items.update(RUN_ITEM, {"phase": "failed", "error": error, "cause": cause, "measuredSoFar": so_far})

    def plan_step(self, number: int, plan: StepPlan, start_at: float, lead_s: float) -> None:
        """Keep a step's plan before its workers start."""
        self._items.put(f"STEP#{number:02}", step_item(plan, start_at, lead_s))

    def put_counts(self, number: int, worker: int, counts: WorkerCounts) -> None:
        """Keep one worker's counts of one step. A worker that runs twice overwrites, never adds."""
        self._items.put(f"STEP#{number:02}#WORKER#{worker:04}", counts_item(counts))

    def steps(self) -> list[MeasuredStep]:
        """All steps planned so far, in order, each with the counts that came back."""
        closed = self._closed_steps()
        return [*closed, *self._counted_steps(after=closed)]

    def compact_steps(self, refused_workers: int = 0) -> list[MeasuredStep]:
        """The same, when none of their workers is at work: from now on they are read as these few items.

        What a worker reports after that is not counted: the steps that follow were planned without it.
        `refused_workers` are those of the last step that Lambda did not run.
        """
        closed = self._closed_steps()
        counted = self._counted_steps(after=closed)
        if counted:
            counts = replace(counted[-1].counts, refused_workers=refused_workers)
            counted[-1] = replace(counted[-1], counts=counts)
        for step in counted:
            self._items.put(f"CLOSED#{step.number:02}", closed_item(step))
        return [*closed, *counted]

    def _closed_steps(self) -> list[MeasuredStep]:
        return [closed_step(item) for item in self._items.query("CLOSED#", "CLOSED#~", _OF_A_STEP)]

    def _counted_steps(self, *, after: Sequence[MeasuredStep]) -> list[MeasuredStep]:
        """Those that are not closed yet, from their workers' items, which lie behind the step's own."""
        first = after[-1].number + 1 if after else 0
        items = self._items.query(f"STEP#{first:02}", "STEP#~", _OF_A_STEP)
        steps = groupby(items, key=lambda item: int(item["sk"].split("#")[1]))
        return [merged_step(measured_step(number, next(of_step), of_step)) for number, of_step in steps]

    def save_measurement(self, findings: Findings) -> None:
        """Keep what Recommend found until the model has stopped."""
        self._items.put("RESULT", {"findings": as_json(to_json(findings))})

    def load_measurement(self) -> Findings:
        """What Recommend found."""
        return from_json(Findings, json.loads(self._items.get("RESULT")["findings"]))

    def publish(self, run: Run, output: Output) -> None:
        """Keep the run's output in the model's history."""
        values = {"output": as_json(to_json(output)), "runId": run.run_id, "verdict": output.verdict}
        results = Partition(self._client, self._table, model_pk(run.model_arn), kept_s=RESULTS_KEPT_S)
        results.put(f"RUN#{run.started_at}", values)
        self._items.update(RUN_ITEM, {"phase": "finished"})


def run_store(run_id: str) -> RunStore:
    """The store of a run in this stack's table."""
    return RunStore(dynamodb_client(), settings().runs_table, run_id)
