"""Prepare: check the input, take the model's lease, look at model, images and budget. Nothing is started yet."""

from __future__ import annotations

from typing import Any

from iu_tuner.contract.execution_input import parse_input
from lambdas.aws.logging import logged
from lambdas.tuning.prepare import prepare


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"input", "runId", "executionArn", "startedAt"}` -> `{"holds", "output"}`.

    A run that does not get the model's lease, as another holds it, ends here with `output`, and has touched nothing.
    """
    return prepare(parse_input(event["input"]), event["runId"], event["executionArn"], event["startedAt"])
