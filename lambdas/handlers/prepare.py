"""Prepare: checks the input, acquires the model's lease, checks model, images and budget. Starts nothing."""

from __future__ import annotations

from typing import Any

from iu_tuner.contract.execution_input import parse_input
from lambdas.aws.logging import logged
from lambdas.tuning.prepare import prepare


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"input", "runId", "executionArn", "startedAt"}` -> `{"holds", "output"}`.

    If another run holds the model's lease, the run ends here with `output` and has touched nothing.
    """
    return prepare(parse_input(event["input"]), event["runId"], event["executionArn"], event["startedAt"])
