"""PrepareServe: checks the input of a run for uploads, acquires the model's lease, looks at it. Starts nothing."""

from __future__ import annotations

from typing import Any

from iu_tuner.contract.uploads.serve_input import parse_serve_input
from lambdas.aws.logging import logged
from lambdas.inference.serve.prepare import prepare_serve


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"input", "runId", "executionArn", "startedAt"}` -> `{"holds", "output"}`, as Prepare does."""
    return prepare_serve(parse_serve_input(event["input"]), event["runId"], event["executionArn"], event["startedAt"])
