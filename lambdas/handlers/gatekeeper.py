"""Gatekeeper: each minute it opens or closes the gate of one queue of uploads by the state of its model."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.inference.gatekeeper import look


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    """`{"modelArn", "queueUrl", "queueArn"}` -> `{"open"}`: whether uploads are analysed now."""
    return {"open": look(event)}
