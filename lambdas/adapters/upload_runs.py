"""The runs that uploads start."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["running", "skipped", "over"]


@dataclass(frozen=True)
class UploadRuns:
    """Executions of one state machine, by name."""

    client: Any
    state_machine_arn: str

    def start(self, name: str, run_input: Mapping[str, Any]) -> float:
        """Start the run of this name, once however often it is asked; when it started, in epoch seconds."""
        try:
            started = self.client.start_execution(
                stateMachineArn=self.state_machine_arn, name=name, input=json.dumps(run_input)
            )
        except self.client.exceptions.ExecutionAlreadyExists:
            started = self.client.describe_execution(executionArn=self._arn(name))
        return float(started["startDate"].timestamp())

    def outcome(self, name: str) -> Outcome:
        """What came of the run; skipped: another run tested the model, and this one did nothing."""
        run = self.client.describe_execution(executionArn=self._arn(name))
        if run["status"] == "RUNNING":
            return "running"
        answer = json.loads(run.get("output") or "{}") if run["status"] == "SUCCEEDED" else {}
        return "skipped" if answer.get("verdict") == "skipped" else "over"

    def _arn(self, name: str) -> str:
        return f"{self.state_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
