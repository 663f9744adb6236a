"""Publish: saves the output with its cost and the model's receipt, notifies of it, and returns it."""

from __future__ import annotations

from typing import Any

from iu_tuner.contract.output.json_values import to_json
from lambdas.aws.logging import logged
from lambdas.tuning.publish import publish


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"runId"}` -> the execution's output."""
    answer: dict[str, Any] = to_json(publish(event["runId"]))
    return answer
