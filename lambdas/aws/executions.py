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


def abort_all(client: Any, state_machine_arn: str, cause: str) -> int:
    """End every execution that goes on; how many there were."""
    pages = client.get_paginator("list_executions").paginate(stateMachineArn=state_machine_arn, statusFilter="RUNNING")
    running = [execution["executionArn"] for page in pages for execution in page["executions"]]
    for execution_arn in running:
        client.stop_execution(executionArn=execution_arn, error="Aborted", cause=cause)
    return len(running)
