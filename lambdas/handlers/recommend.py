"""Recommend: from all counts to max TPS, verdict and inference units."""

from __future__ import annotations

from typing import Any

from lambdas.adapters.logs import logged
from lambdas.adapters.past_demand import kept_history
from lambdas.adapters.run_store import run_store
from lambdas.capacity.errors import InternalError
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.result import findings
from lambdas.capacity.search import next_move


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"runId"}` -> `{}`; the findings wait in the runs table until the model has stopped."""
    store = run_store(event["runId"])
    (run, _), steps = store.known(), store.steps()
    found = next_move([step.counts for step in steps if step.number > 0], run.search_limits)
    if not isinstance(found, Measurement):
        raise InternalError("the counts ask for another step where none was planned - run again")
    store.put_findings(findings(run, steps, found, kept_history(run)))
    return {}
