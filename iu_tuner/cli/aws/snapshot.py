"""A snapshot of a run: its execution, as Step Functions describes it, and its item in the runs table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iu_tuner.contract.output.live_run import LiveRun


@dataclass(frozen=True)
class Snapshot:
    """`execution` is the response of DescribeExecution; `run` is None if the runs table has no item of the run."""

    execution: Mapping[str, Any]
    run: LiveRun | None

    @property
    def status(self) -> str:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED."""
        return str(self.execution["status"])

    @property
    def input(self) -> dict[str, Any]:
        """The execution's input as JSON values; empty if it is no object."""
        values = json.loads(self.execution.get("input", "{}"))
        return values if isinstance(values, dict) else {}

    @property
    def output(self) -> dict[str, Any] | None:
        """The execution's output as JSON values. Returns None unless the execution succeeded."""
        if self.status != "SUCCEEDED":
            return None
        output: dict[str, Any] = json.loads(self.execution["output"])
        return output
