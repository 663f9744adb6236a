"""Faults as execution names: `<State>-<kind>`, or with a suffix that changes nothing of it.

`PlanStep-lambda-error`, `ApplyLoad-aborted-restore`. Nothing else switches a fault on, so that any number
of executions can run side by side, each with its own.
"""

from __future__ import annotations

import re
from typing import NamedTuple

KINDS = (
    "lambda-error",  # raises before it does anything, every time
    "lambda-timeout",  # runs to its end, then its answer is lost, every time
    "lambda-throttled",  # Lambda refuses the first two calls
    "lambda-always-throttled",  # Lambda refuses every call
    "lambda-hangs",  # never comes back, and the execution waits for it
    "lambda-killed",  # dies two seconds after its step's start: the first worker of a run's first step or round
    "lambda-twice",  # runs a second time right after the first: the first call of a run
    "access-denied",  # DynamoDB refuses the Lambda's role, every time
    "dynamodb-error",  # DynamoDB answers InternalServerError, every time
    "dynamodb-outage",  # for half a minute from the state's first call on, DynamoDB fails whoever asks
    "s3-slow-down",  # S3 answers SlowDown to every second write of a result
    "s3-outage",  # for some seconds from the first write of a result on, S3 answers SlowDown to all of them
    "s3-denied",  # S3 refuses every write of a result
    "start-late",  # aborted when the start is announced in the lease, and asked for seconds later
    "aborted-before-load",  # like aborted, while the workers wait for their common start
    "aborted-while-paced",  # like aborted, while the load is evenly paced
    "aborted-while-scaling",  # like aborted, in the second measurement of a run
    "aborted-while-applying",  # like aborted, in the second wait of a run: its answer's start was asked for
    "aborted",  # StopExecution a moment after the state began; its Lambda goes on
    "timed-out",  # the execution's time is up a moment after the state began; its Lambda goes on
)
DYNAMODB_KINDS = ("access-denied", "dynamodb-error", "dynamodb-outage", "start-late")
S3_KINDS = ("s3-slow-down", "s3-outage", "s3-denied")
ENDING_KINDS = (
    "aborted-before-load",
    "aborted-while-paced",
    "aborted-while-scaling",
    "aborted-while-applying",
    "aborted",
    "timed-out",
)
# The execution's status change is told to nobody.
SILENT_SUFFIX = "-norule"

_NAME = re.compile(rf"(?P<state>[A-Z][A-Za-z]+)-(?P<kind>{'|'.join(KINDS)})(-[\w-]+)?")


class NamedFault(NamedTuple):
    """What breaks, and in which state."""

    state: str
    kind: str


def fault_named(execution_name: object) -> NamedFault | None:
    """The fault that the execution's name asks for."""
    match = _NAME.fullmatch(execution_name) if isinstance(execution_name, str) else None
    return NamedFault(match["state"], match["kind"]) if match else None
