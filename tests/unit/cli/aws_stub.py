"""An AWS of one stack and one run, at the level of boto3: what it answers next is laid out by the test."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, NoCredentialsError

from iu_tuner.contract.output.live_run import Receipt
from lambdas.aws.table import serialized

MODEL = "arn:aws:rekognition:eu-west-1:123456789012:project/bees/version/v1/1615476219000"
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:Tuner"
OUTPUTS = {"StateMachineArn": MACHINE, "RunsTableName": "runs", "PricePerInferenceUnitHourUsd": "4"}
RECEIPT = Receipt("rule", 2.0, "STOPPED", "STOPPED", 1.0, 2.0, 0.01, 0.04)


def refused(code: str, said: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": said}}, "Any")


@dataclass
class Aws:
    """`statuses` come one by one, the last one again and again; a callable is called, an exception raised."""

    statuses: list[Any]
    ended: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] | None = None
    settled_as: dict[str, Any] | None = None
    """The run's item once the execution was stopped."""
    lease_looks: int = 0
    """How often the run's lease is still seen."""
    stack: dict[str, str] | None = field(default_factory=lambda: OUTPUTS)
    has_run: bool = True
    """Before anything is started."""
    started: list[dict[str, Any]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    asked_for: list[dict[str, Any]] = field(default_factory=list)

    def client(self, service: str, **how: Any) -> Aws:
        self.asked_for.append({"service": service, **how})
        return self

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        if self.stack is None:
            raise NoCredentialsError
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in self.stack.items()]
        return {"Stacks": [{"StackName": StackName, "Outputs": outputs}]}

    def start_execution(self, **request: Any) -> dict[str, Any]:
        self.started.append(request)
        return {}

    def stop_execution(self, executionArn: str, **_: Any) -> dict[str, Any]:
        self.stopped.append(executionArn)
        self.statuses = ["ABORTED"]
        self.run = self.settled_as or self.run
        return {}

    def describe_execution(self, executionArn: str) -> dict[str, Any]:
        if not self.has_run and not self.started:
            raise refused("ExecutionDoesNotExist")
        status = self.statuses[0] if len(self.statuses) == 1 else self.statuses.pop(0)
        if isinstance(status, BaseException):
            raise status
        if isinstance(status, Callable):  # type: ignore[arg-type]
            status = status()
        ended = {} if status == "RUNNING" else self.ended
        return {"status": status, "input": json.dumps({"modelArn": MODEL}), **ended}

    def get_item(self, Key: dict[str, Any], **_: Any) -> dict[str, Any]:
        if Key["sk"]["S"] == "RUN":
            return {"Item": serialized(self.run)} if self.run else {}
        self.lease_looks -= 1
        run_id = self.started[0]["name"] if self.started else "theirs"
        lease = {
            "modelArn": MODEL,
            "runId": run_id,
            "executionArn": "",
            "startedAt": "",
            "maxMinutes": 90,
            "afterRun": "stop",
            "owes": "stop",
            "restarted": False,
            "closing": True,
        }
        return {"Item": serialized(lease)} if self.lease_looks >= 0 else {}
