"""Publish: the answer with its cost and the model's receipt, to bucket, table and caller; then it is told."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.tuning.publish import publish


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"runId"}` -> the execution's output."""
    return publish(event["runId"])
