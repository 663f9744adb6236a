"""Runs all rows side by side, then gives the janitor its turn."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.embedded.deployment import Deployment
from tests.embedded.journal import injections
from tests.embedded.named_faults import fault_named
from tests.faults.observed import Observed
from tests.faults.row import Row

SIDE_BY_SIDE = 16
LONGEST_RUN_S = 240
RELEASE_WITHIN_S = 45


@dataclass(frozen=True)
class _Ended:
    row: Row
    model_arn: str
    execution_arn: str
    released_within_s: float | None


def run_all(app: Deployment, rows: tuple[Row, ...], journal: Path) -> dict[str, Observed]:
    """Every row, observed."""
    # Those that take longest first: SettleModel is tried harder than anything else.
    in_order = sorted(rows, key=lambda row: not row.name.startswith("SettleModel"))
    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        ended = list(threads.map(lambda row: _run(app, row), in_order))
    janitor_at = time.time()
    janitors_turn(app)
    injected = injections(journal)
    reports = {each["modelArn"]: each for each in app.service.report()["models"]}
    return {
        each.row.name: Observed(
            row=each.row,
            described=_described(app, each),
            model=reports[each.model_arn],
            items=app.items(each.row.name),
            lease=app.lease(each.model_arn),
            injections=sum(entry["runId"] == each.row.name for entry in injected),
            janitor_at=janitor_at,
            released_within_s=each.released_within_s,
        )
        for each in ended
    }


def _run(app: Deployment, row: Row) -> _Ended:
    model_arn = app.service.add_model(row.model)["modelArn"]
    execution_arn = app.start(row.name, row.input(model_arn))
    fault = fault_named(row.name)
    if fault is not None and fault.kind == "lambda-hangs":
        return _Ended(row, model_arn, execution_arn, None)
    if row.abort_after_s is not None:
        time.sleep(row.abort_after_s)
        app.aws.client("stepfunctions").stop_execution(executionArn=execution_arn)
    app.ended(execution_arn, LONGEST_RUN_S)
    released = None if row.only_by_janitor else released_within_s(app, model_arn)
    return _Ended(row, model_arn, execution_arn, released)


def released_within_s(app: Deployment, model_arn: str) -> float | None:
    """How long the lease outlives the execution. It must be gone, and stay so."""
    started = time.monotonic()
    while (waited_s := time.monotonic() - started) < RELEASE_WITHIN_S:
        if app.lease(model_arn) is None:
            return waited_s
        time.sleep(0.3)
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
