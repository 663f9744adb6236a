"""Runs the rows, some side by side, then gives the janitor its turn."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.faults.observed import Observed, ObservedBatch
from tests.faults.row import BatchRow, Row
from tests.model_books import answers_by_key
from tests.support.deployment import Deployment
from tests.support.journal import injections
from tests.support.named_faults import fault_named
from tests.waiting import MAX_S, PAUSE_S

# Not all of them load their models: many break before that.
SIDE_BY_SIDE = 8
# A batch measures nothing, so it may have less of this machine. With more of them the time goes into cold starts.
BATCHES_SIDE_BY_SIDE = 12
# It only guards against a run that never ends.
MAX_RUN_S = 900
# How long a lease is waited for that may stay until the janitor's turn.
RELEASE_WITHIN_S = 45


@dataclass(frozen=True)
class _Ended:
    row: Row
    model_arn: str
    execution_arn: str
    released_at: float | None
    before_resume: dict[str, Any] | None = None
    resumed: dict[str, Any] | None = None


def run_all(app: Deployment, rows: tuple[Row, ...], journal: Path) -> dict[str, Observed]:
    """Every row, observed."""
    # Those that take longest first: ReleaseModel is tried harder than anything else.
    in_order = sorted(rows, key=lambda row: not row.name.startswith("ReleaseModel"))
    batches = [row for row in in_order if isinstance(row, BatchRow)]
    measured = [row for row in in_order if not isinstance(row, BatchRow)]
    ended: list[_Ended] = []
    for side_by_side, some in ((SIDE_BY_SIDE, measured), (BATCHES_SIDE_BY_SIDE, batches)):
        with ThreadPoolExecutor(side_by_side) as threads:
            ended += threads.map(lambda row: _run(app, row), some)
    janitor_at = time.time()
    janitors_turn(app)
    janitor_done_at = time.time()
    injected = injections(journal)
    reports = {each["modelArn"]: each for each in app.service.report()["models"]}
    return {
        each.row.name: Observed(
            row=each.row,
            described=_described(app, each),
            model=each.before_resume or reports[each.model_arn],
            items=app.items(each.row.name),
            lease=app.lease(each.model_arn),
            injections=sum(entry["runId"] == each.row.name for entry in injected),
            janitor_at=janitor_at,
            janitor_done_at=janitor_done_at,
            released_at=each.released_at,
            batch=_batch(app, each) if isinstance(each.row, BatchRow) else None,
        )
        for each in ended
    }


def _run(app: Deployment, row: Row) -> _Ended:
    model_arn = app.service.add_model(row.model)["modelArn"]
    execution_arn = app.start(row.name, row.input(model_arn), is_batch=isinstance(row, BatchRow))
    fault = fault_named(row.name)
    if fault is not None and fault.kind == "lambda-hangs":
        return _Ended(row, model_arn, execution_arn, None)
    if row.abort_after_s is not None:
        time.sleep(row.abort_after_s)
        app.aws.client("stepfunctions").stop_execution(executionArn=execution_arn)
    app.ended(execution_arn, MAX_RUN_S)
    may_stay = "janitor" in row.settled_by
    released = None if row.only_by_janitor else released_at(app, model_arn, may_stay=may_stay)
    ended = _Ended(row, model_arn, execution_arn, released)
    return _resumed(app, ended) if isinstance(row, BatchRow) and row.is_resumed else ended


def _resumed(app: Deployment, ended: _Ended) -> _Ended:
    """The same with the end of another execution, which goes on where the first one ended."""
    report = app.service.model_report(ended.model_arn)
    raw = {**ended.row.input(ended.model_arn), "resume": ended.row.name}
    described = app.ended(app.start(f"resumed-{ended.row.name}", raw, is_batch=True), MAX_RUN_S)
    return replace(ended, before_resume=report, resumed=described)


def _batch(app: Deployment, each: _Ended) -> ObservedBatch:
    """What became of the images, by the model's books and by the files of the last execution."""
    row = each.row
    assert isinstance(row, BatchRow)
    last = each.resumed or _described(app, each)
    manifest, lines = _files(app, last["name"])
    results = {name.removeprefix(row.results) for name in app.keys(row.results)}
    return ObservedBatch(
        each.resumed, answers_by_key(app.service.image_books(each.model_arn)), manifest, lines, results
    )


def _files(app: Deployment, run_id: str) -> tuple[dict[str, Any] | None, list[str]]:
    """The manifest of a batch, and the keys of its detections lines. None and none if it wrote no manifest."""
    folder = f"batches/{run_id}/"
    if f"{folder}manifest.json" not in app.keys(folder):
        return None, []
    manifest: dict[str, Any] = json.loads(app.read(f"{folder}manifest.json"))
    parts = [app.read(part["key"]).decode().splitlines() for part in manifest["parts"]]
    return manifest, [json.loads(line)["key"] for lines in parts for line in lines]


def released_at(app: Deployment, model_arn: str, *, may_stay: bool) -> float | None:
    """When the lease was seen gone, in seconds since the epoch; None: it stayed."""
    deadline = time.monotonic() + (RELEASE_WITHIN_S if may_stay else MAX_S)
    while time.monotonic() < deadline:
        if app.lease(model_arn) is None:
            return time.time()
        time.sleep(PAUSE_S)
    return None


def janitors_turn(app: Deployment) -> None:
    """One turn, as its schedule does it."""
    target = _target_of_schedule(app, "Janitor")
    app.aws.client("lambda").invoke(FunctionName=target["Arn"], Payload=target.get("Input", "{}").encode())


def _target_of_schedule(app: Deployment, name: str) -> dict[str, Any]:
    scheduler = app.aws.client("scheduler")
    (found,) = (each for each in scheduler.list_schedules()["Schedules"] if name in each["Name"])
    target: dict[str, Any] = scheduler.get_schedule(Name=found["Name"])["Target"]
    return target


def _described(app: Deployment, each: _Ended) -> dict[str, Any]:
    """The execution as it is now; one that still goes on is ended first."""
    states = app.aws.client("stepfunctions")
    described: dict[str, Any] = states.describe_execution(executionArn=each.execution_arn)
    if described["status"] == "RUNNING":
        states.stop_execution(executionArn=each.execution_arn)
        described = states.describe_execution(executionArn=each.execution_arn)
    return described
