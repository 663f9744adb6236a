"""ExplainFailure: names the reason of a failure by one of the contract's errors, with a sentence."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.tuning.failure import explain, identify


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    """`{"runId", "input", "startedAt", "failure": {"Error", "Cause"}}` -> the execution's `{"error", "cause"}`."""
    return explain(identify(event["failure"]), event["runId"], event.get("input"), event.get("startedAt", ""))
