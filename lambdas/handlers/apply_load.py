"""ApplyLoad: one worker of a step. Sends its part of the load and saves its counts."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.tuning.load import run_worker


@logged
def handler(event: dict[str, Any], _context: Any) -> None:
    """`{"runId", "step": as planned, "worker": 0, 1, …}` -> nothing; the counts are in the runs table."""
    run_worker(event["runId"], event["step"], event["worker"])
