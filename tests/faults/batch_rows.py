"""The rows of the machine that processes batches. What has to come of each is in its fields, as in `rows`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.faults.row import BatchRow
from tests.faults.states import PROCESSING, rows_of_states

# Those that an execution goes on with after the abort: before the list, in it, in a round, and after the last one.
_RESUMED_STATES = ("ListImages", "FindCurrent", "PlanRound", "ProcessImages", "Summarise")


# Nothing is listed: the execution that resumes it begins anew.
_NOT_LISTED = ("ListImages-lambda-error-batch",)


# Both machines call these Lambdas, and the rows of the measuring machine break them in every way.
_SHARED_STATES = ("StartModel", "WaitForStart", "ReleaseModel", "WaitForRelease", "ExplainFailure")
_FAULTS_OF_SHARED = ("lambda-error-batch", "aborted-batch")
# An execution that is timed out takes the road of one that is aborted.
_TIMED_OUT_STATES = ("PlanRound", "ProcessImages")


def _of_states() -> Iterator[BatchRow]:
    for fields in rows_of_states(PROCESSING):
        state, _, fault = fields["name"].partition("-")
        if state in _SHARED_STATES and fault not in _FAULTS_OF_SHARED:
            continue
        if fault == "timed-out-batch" and state not in _TIMED_OUT_STATES:
            continue
        is_resumed = (fault == "aborted-batch" and state in _RESUMED_STATES) or fields["name"] in _NOT_LISTED
        yield BatchRow(section="batch-states", what="", is_resumed=is_resumed, **fields)


def _failed(error: str, **more: Any) -> dict[str, Any]:
    return {"status": "FAILED", "error": error, **more}


def _aborted(*by: str, **more: Any) -> dict[str, Any]:
    return {"status": "ABORTED", "settled_by": by or ("rule",), **more}


_PARTS_ONLY: Mapping[str, Any] = {"more": {"results": {"perImage": False}}}
_RESTORED: Mapping[str, Any] = {"found": "RUNNING", "ends": "RUNNING", "more": {"afterRun": "restore"}}
# (name, what is broken, what has to come of it)
_ACCIDENTS: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("ProcessImages-lambda-killed-batch", "a worker is killed in the middle of a shard", {}),
    ("ProcessImages-lambda-killed-batch-parts", "the same, without a file for each image", _PARTS_ONLY),
    ("ProcessImages-lambda-twice-batch", "a worker runs twice", {}),
    (
        "PlanRound-lambda-always-throttled-batch",
        "Lambda never takes the calls of PlanRound",
        _failed("InternalError", is_resumed=True),
    ),
    (
        "PlanRound-dynamodb-outage-batch",
        "DynamoDB fails for half a minute, whoever asks",
        _failed("InternalError", is_resumed=True),
    ),
    ("StartModel-start-late-batch", "aborted; the start is requested only after that", _aborted()),
    ("ProcessImages-s3-slow-down-batch", "S3 answers 503 to every second write of a result", {}),
    ("ProcessImages-s3-outage-batch", "S3 answers 503 to all writes of results for six seconds", {}),
    ("ProcessImages-s3-denied-batch", "S3 refuses all writes of results", _failed("AccessDenied")),
    (
        "ProcessImages-aborted-batch-parts",
        "aborted in a round, without a file for each image",
        _aborted(is_resumed=True, **_PARTS_ONLY),
    ),
    ("ProcessImages-aborted-batch-norule", "aborted in a round, and no event of it", _aborted("janitor")),
    ("StartModel-aborted-batch-norule", "aborted while the model starts, and no event of it", _aborted("janitor")),
    (
        "ListImages-lambda-hangs-batch",
        "the execution goes on past `limits.maxMinutes`, the model found RUNNING",
        _aborted("janitor", found="RUNNING", more={"limits": {"maxMinutes": 0.4}}),
    ),
    ("batch-restored", "no fault, the model found RUNNING, `afterRun: restore`", _RESTORED),
    ("ProcessImages-aborted-batch-restore", "the same, aborted in a round", _aborted(**_RESTORED)),
)
_MODEL: tuple[tuple[str, str, Mapping[str, Any], Mapping[str, Any]], ...] = (
    (
        "lost",
        "the model stops by itself after half of the images",
        {"lost_after_answers": 30},
        _failed("ModelLost", is_resumed=True),
    ),
    ("start-fails", "the start ends in FAILED", {"start_fails": 1}, _failed("ModelStartFailed", ends="FAILED")),
    (
        "start-hangs",
        "the start never ends, `limits.maxMinutes` does",
        {"start_hangs": 1, "start_hang_s": 75.0},
        _failed("BudgetExceeded", ends="FAILED", more={"limits": {"maxMinutes": 0.4}, "tps": None}),
    ),
    ("start-reply-lost", "the start happens, its reply is lost (and so is the stop's)", {"lost_replies": 1}, {}),
    ("stop-reply-lost", "the stop happens, its reply is lost", {"lost_replies": 1}, {"found": "RUNNING"}),
    ("stop-fails-twice", "the stop fails twice, then works", {"stop_fails": 2}, {}),
    ("stop-fails-often", "the stop fails ten times, then works", {"stop_fails": 10}, {}),
    ("random-500s", "5 % of requests: InternalServerError", {"random_500_share": 0.05}, {}),
    ("resets", "5 % of connections are reset", {"reset_share": 0.05}, {}),
    ("hangs", "2 % of requests are never answered", {"hang_share": 0.02}, {}),
    ("only-500s", "every request: InternalServerError", {"random_500_share": 1.0}, _failed("TooManyFailures")),
    ("poison", "the model refuses three images", {}, {"failed": 3}),
    (
        "much-poison",
        "the model refuses six images, more than `maxFailedPercent`",
        {},
        _failed("TooManyFailures", failed=6),
    ),
)

BATCH_ROWS = (
    *_of_states(),
    *(BatchRow(name=name, section="batch-accidents", what=what, **fields) for name, what, fields in _ACCIDENTS),
    *(
        BatchRow(name=f"batch-{name}", section="batch-model", what=what, truth=truth, **fields)
        for name, what, truth, fields in _MODEL
    ),
)
