"""PrepareBatch: checks the input, acquires the model's lease, looks at the model. Starts nothing."""

from __future__ import annotations

from typing import Any

from iu_tuner.contract.batch.batch_input import parse_process_input
from lambdas.aws.logging import logged
from lambdas.batch.machine.prepare import prepare_batch


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"input", "runId", "executionArn", "startedAt"}` -> `{"holds", "output"}`, as Prepare does."""
    return prepare_batch(parse_process_input(event["input"]), event["runId"], event["executionArn"], event["startedAt"])
