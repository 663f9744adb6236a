"""Every state of a machine that is a Lambda, every way in which it may break, and what has to come of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

FAULTS = (
    "lambda-error",
    "lambda-timeout",
    "lambda-throttled",
    "access-denied",
    "dynamodb-error",
    "aborted",
    "timed-out",
)
WAITS = ("WaitForStart", "WaitForRelease")


@dataclass(frozen=True)
class Machine:
    """The states of a machine: the first one, those of its work, the one of its workers, the last one of an answer."""

    prepare: str
    work: tuple[str, ...]
    worker: str
    publish: str
    suffix: str = ""

    @property
    def states(self) -> tuple[str, ...]:
        """All states that are Lambdas."""
        return (self.prepare, *self.work, "ReleaseModel", self.publish, "ExplainFailure")

    def name(self, state: str, fault: str) -> str:
        """The name of the row of a state and a fault."""
        return f"{state}-{fault}{self.suffix}"


MEASURING = Machine(
    "Prepare", ("StartModel", "ProbeImages", "PlanStep", "ApplyLoad", "Recommend"), "ApplyLoad", "Publish"
)
PROCESSING = Machine(
    "PrepareBatch",
    ("ListImages", "FindCurrent", "QuoteBatch", "StartModel", "PlanRound", "ProcessImages", "Summarise"),
    "ProcessImages",
    "PublishBatch",
    suffix="-batch",
)


def rows_of_states(machine: Machine) -> Iterator[dict[str, Any]]:
    """The fields of the rows of all states and waits."""
    for state in machine.states:
        for fault in FAULTS:
            # ExplainFailure only runs when something else has failed already.
            truth = {"start_fails": 1} if state == "ExplainFailure" else {}
            ends = "FAILED" if truth else "STOPPED"
            yield {"name": machine.name(state, fault), "truth": truth, "ends": ends, **_outcome(machine, state, fault)}
    for state in WAITS:
        for fault in ("aborted", "timed-out"):
            # A batch asks for the stop of its model early, so that it may be over before the release.
            slow = {"stop_s": 15.0} if (machine, state) == (PROCESSING, "WaitForRelease") else {}
            yield {"name": machine.name(state, fault), "truth": slow, **_outcome(machine, state, fault)}


def _outcome(machine: Machine, state: str, fault: str) -> dict[str, Any]:
    if fault in ("aborted", "timed-out"):
        # Prepare goes on: the rule may find its lease before or after it has looked at the model, or not at all.
        # ReleaseModel goes on beside the rule.
        by = {
            machine.prepare: (None, "rule", "janitor"),
            "ReleaseModel": ("finally", "rule"),
            machine.publish: ("finally",),
            "ExplainFailure": ("finally",),
        }
        status = {"aborted": "ABORTED", "timed-out": "TIMED_OUT"}[fault]
        return {"status": status, "settled_by": by.get(state, ("rule",))}
    if state == "ExplainFailure":
        return {"status": "FAILED", "error": "ModelStartFailed"}
    # A throttled call is made again; a lost answer of a worker is no lost count.
    if fault == "lambda-throttled" or (state, fault) == (machine.worker, "lambda-timeout"):
        return {}
    if state == "ReleaseModel":
        by_whom = ("finally",) if fault == "lambda-timeout" else ("rule",)
        return {"status": "FAILED", "error": "ModelStopFailed", "settled_by": by_whom}
    denied = fault == "access-denied" and state != machine.worker
    had_lease = state != machine.prepare or fault == "lambda-timeout"
    return {
        "status": "FAILED",
        "error": "AccessDenied" if denied else "InternalError",
        "settled_by": ("finally" if had_lease else None,),
    }
