"""The matrix: one row per injected fault, and what has to come of it.

A row's name is its execution's, and its model's project: `tests.support` breaks what the name says.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from tests.faults.batch_rows import BATCH_ROWS
from tests.faults.row import Row
from tests.faults.states import MEASURING, rows_of_states

RANDOM_ABORTS = 8
# Before the shortest run is over.
LATEST_ABORT_S = 18.0


def _failed(error: str, **more: Any) -> dict[str, Any]:
    return {"status": "FAILED", "error": error, **more}


_MODEL: tuple[tuple[str, str, Mapping[str, Any], Mapping[str, Any]], ...] = (
    ("start-fails", "the start ends in FAILED", {"start_fails": 1}, _failed("ModelStartFailed", ends="FAILED")),
    (
        "start-hangs",
        "the start never ends, `limits.maxMinutes` does",
        {"start_hangs": 1, "start_hang_s": 75.0},
        _failed("BudgetExceeded", ends="FAILED", more={"limits": {"maxMinutes": 0.4}}),
    ),
    ("start-reply-lost", "the start happens, its reply is lost (and so is the stop's)", {"lost_replies": 1}, {}),
    ("stop-reply-lost", "the stop happens, its reply is lost", {"lost_replies": 1}, {"found": "RUNNING"}),
    ("stop-fails-twice", "the stop fails twice, then works", {"stop_fails": 2}, {}),
    ("stop-fails-often", "the stop fails ten times, then works", {"stop_fails": 10}, {}),
    ("stops-by-itself", "the model stops by itself under test", {"lost_after_s": 7.0}, _failed("ModelLost")),
    ("random-500s", "5 % of requests: InternalServerError", {"random_500_share": 0.05}, {}),
    ("resets", "5 % of connections are reset", {"reset_share": 0.05}, {}),
    ("hangs", "1 % of requests are never answered", {"hang_share": 0.01}, {}),
    ("only-500s", "every request: InternalServerError", {"random_500_share": 1.0}, _failed("InternalError")),
    ("only-resets", "every connection is reset", {"reset_share": 1.0}, _failed("InternalError")),
    ("only-hangs", "no request is ever answered", {"hang_share": 1.0}, _failed("InternalError")),
)

_RESTORE: Mapping[str, Any] = {
    "section": "restore",
    "found": "RUNNING",
    "more": {"afterRun": "restore"},
    "ends": "RUNNING",
}
_TWO_UNITS: Mapping[str, Any] = {**_RESTORE, "test": {"inferenceUnits": 2}}
_RESTORED = (
    Row(name="restore", what="no fault, its own inference units", **_RESTORE),
    Row(name="restore-other-units", what="no fault, tested with 2 inference units", **_TWO_UNITS),
    Row(name="PlanStep-lambda-error-restore", what="Lambda error in PlanStep", **_failed("InternalError"), **_RESTORE),
    Row(
        name="PlanStep-lambda-error-restore-units",
        what="the same, tested with 2 inference units",
        **_failed("InternalError"),
        **_TWO_UNITS,
    ),
    Row(
        name="ApplyLoad-aborted-restore", what="aborted under load", status="ABORTED", settled_by=("rule",), **_RESTORE
    ),
    Row(
        name="PlanStep-aborted-restore-units",
        what="aborted, tested with 2 inference units",
        status="ABORTED",
        settled_by=("rule",),
        **_TWO_UNITS,
    ),
    Row(
        name="PlanStep-aborted-restore-units-norule",
        what="the same, and no event of it",
        status="ABORTED",
        settled_by=("janitor",),
        **_TWO_UNITS,
    ),
)

_BY_JANITOR: Mapping[str, Any] = {"section": "janitor", "settled_by": ("janitor",)}
_JANITOR = (
    Row(name="StartModel-aborted-norule", what="aborted while the model starts", status="ABORTED", **_BY_JANITOR),
    Row(name="ApplyLoad-aborted-norule", what="aborted under load", status="ABORTED", **_BY_JANITOR),
    Row(name="PlanStep-timed-out-norule", what="timed out between steps", status="TIMED_OUT", **_BY_JANITOR),
    Row(
        name="PlanStep-aborted-stop-fails-norule",
        what="aborted between steps; the stop fails six times",
        status="ABORTED",
        truth={"stop_fails": 6},
        **_BY_JANITOR,
    ),
    Row(
        name="ReleaseModel-lambda-error-norule",
        what="the state machine cannot stop the model",
        **_failed("ModelStopFailed"),
        **_BY_JANITOR,
    ),
    Row(
        name="PlanStep-lambda-hangs",
        what="the execution goes on past `limits.maxMinutes`",
        status="ABORTED",
        more={"limits": {"maxMinutes": 0.4}},
        **_BY_JANITOR,
    ),
)

_LAMBDAS = (
    Row(
        name="PlanStep-lambda-always-throttled",
        section="lambdas",
        what="Lambda never takes the calls of PlanStep",
        **_failed("InternalError"),
    ),
    Row(
        name="PlanStep-dynamodb-outage",
        section="lambdas",
        what="DynamoDB fails for half a minute, whoever asks",
        **_failed("InternalError"),
    ),
    Row(
        name="ApplyLoad-aborted-before-load",
        section="lambdas",
        what="aborted while the workers wait for their start",
        status="ABORTED",
        settled_by=("rule",),
    ),
    Row(
        name="ApplyLoad-aborted-while-paced",
        section="lambdas",
        what="aborted while the load is evenly paced",
        status="ABORTED",
        settled_by=("rule",),
        test={"mode": "standard"},
    ),
    Row(
        name="StartModel-start-late",
        section="lambdas",
        what="aborted; the start is asked for only after that",
        status="ABORTED",
        settled_by=("rule",),
    ),
    Row(name="ApplyLoad-lambda-killed", section="lambdas", what="the only worker dies in mid-step"),
    Row(
        name="ApplyLoad-lambda-killed-of-four",
        section="lambdas",
        what="one of four workers dies in mid-step",
        test={"inFlightPerWorker": 1},
    ),
    Row(name="ApplyLoad-lambda-twice", section="lambdas", what="a worker runs twice"),
)


_TWICE: Mapping[str, Any] = {"section": "scaling", "test": {"verifyScaling": True}}
_TWICE_AND_BACK: Mapping[str, Any] = {**_RESTORE, **_TWICE}
_SCALED = (
    Row(name="scaling", what="no fault", **_TWICE),
    Row(name="scaling-refused", what="the start with 2 inference units is refused", truth={"most_units": 1}, **_TWICE),
    Row(
        name="WaitForStart-aborted-scaling",
        what="found RUNNING, aborted while it restarts",
        status="ABORTED",
        settled_by=("rule",),
        **_TWICE_AND_BACK,
    ),
    Row(
        name="ApplyLoad-aborted-while-scaling",
        what="aborted under the second load",
        status="ABORTED",
        settled_by=("rule",),
        **_TWICE,
    ),
    Row(
        name="StartModel-start-late-scaling",
        what="found RUNNING, aborted; the second start is asked for only after that",
        status="ABORTED",
        settled_by=("rule",),
        found="RUNNING",
        **_TWICE,
    ),
)


_APPLY: Mapping[str, Any] = {
    "section": "apply",
    "more": {"afterRun": "apply", "demand": {"averageTps": 6, "peakTps": 12}},
}
_APPLIED = (
    Row(name="apply", what="no fault", ends="RUNNING", units=2, **_APPLY),
    Row(
        name="apply-refused", what="the start with 2 to 3 inference units is refused", truth={"most_units": 1}, **_APPLY
    ),
    Row(
        name="apply-stop-fails",
        what="the stop before the restart fails twice",
        truth={"stop_fails": 2},
        ends="RUNNING",
        units=2,
        **_APPLY,
    ),
    Row(name="PlanStep-lambda-error-apply", what="Lambda error in PlanStep", **_failed("InternalError"), **_APPLY),
    Row(
        name="Publish-lambda-error-apply",
        what="Lambda error in Publish, the model runs as recommended",
        **_failed("InternalError"),
        **_APPLY,
    ),
    Row(
        name="WaitForRelease-aborted-while-applying",
        what="aborted while the model restarts",
        status="ABORTED",
        settled_by=("rule",),
        **_APPLY,
    ),
    Row(
        name="WaitForRelease-aborted-while-applying-norule",
        what="the same, and no event of it",
        status="ABORTED",
        settled_by=("janitor",),
        **_APPLY,
    ),
)


def _random_aborts() -> Iterator[Row]:
    moments = random.Random(3)
    for number in range(1, RANDOM_ABORTS + 1):
        yield Row(
            name=f"abort-at-random-{number}",
            section="random",
            what="StopExecution at a random moment",
            status="ABORTED",
            settled_by=(None, "rule", "janitor"),
            abort_after_s=moments.uniform(0.3, LATEST_ABORT_S),
        )


MEASURING_ROWS = (
    *(Row(section="states", what="", **row) for row in rows_of_states(MEASURING)),
    *_LAMBDAS,
    *(Row(name=name, section="model", what=what, truth=truth, **more) for name, what, truth, more in _MODEL),
    *_RESTORED,
    *_SCALED,
    *_APPLIED,
    *_JANITOR,
    *_random_aborts(),
)
ROWS = (*MEASURING_ROWS, *BATCH_ROWS)
