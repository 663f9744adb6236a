"""ExplainFailure: why the run failed, by the contract's names and in a sentence."""

from __future__ import annotations

from typing import Any

from lambdas.adapters.logs import logged
from lambdas.adapters.run_store import run_store
from lambdas.capacity.errors import identify


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    """`{"runId", "failure": {"Error", "Cause"}}` -> `{"error", "cause"}` of the failed execution."""
    failure = identify(event["failure"])
    error, cause = type(failure).__name__, failure.sentence
    run_store(event["runId"]).fail(error, cause)
    return {"error": error, "cause": cause}
