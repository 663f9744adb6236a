"""The state machine's executions, seen from outside."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3

UNKNOWN = "UNKNOWN"  # too old, or its state machine is gone


@cache
def states_client() -> Any:
    """The Step Functions client."""
    return boto3.client("stepfunctions")


def status_of(client: Any, execution_arn: str) -> str:
    """The execution's status: RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED, or UNKNOWN."""
    try:
        status: str = client.describe_execution(executionArn=execution_arn)["status"]
    except client.exceptions.ExecutionDoesNotExist:
        return UNKNOWN
    return status


def abort(client: Any, execution_arn: str, cause: str) -> None:
    """End the execution, if it still goes on."""
    if status_of(client, execution_arn) == "RUNNING":
        client.stop_execution(executionArn=execution_arn, error="Aborted", cause=cause)
