"""The executions of the state machine: reads their status and stops them."""

from __future__ import annotations

from typing import Any

from lambdas.aws.clients import client

UNKNOWN = "UNKNOWN"  # the execution is too old, or its state machine was deleted


def states_client() -> Any:
    """The Step Functions client."""
    return client("stepfunctions")


def status_of(states: Any, execution_arn: str) -> str:
    """The execution's status: RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED, or UNKNOWN."""
    try:
        status: str = states.describe_execution(executionArn=execution_arn)["status"]
    except states.exceptions.ExecutionDoesNotExist:
        return UNKNOWN
    return status


def abort_all(states: Any, state_machine_arn: str, cause: str) -> int:
    """Stop all running executions. Returns their number."""
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=state_machine_arn, statusFilter="RUNNING")
    running = [execution["executionArn"] for page in pages for execution in page["executions"]]
    for execution_arn in running:
        states.stop_execution(executionArn=execution_arn, error="Aborted", cause=cause)
    return len(running)
