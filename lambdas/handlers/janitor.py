"""Janitor: the last layer. Every few minutes, it cleans up each lease whose run is over or overdue."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.cleanup.janitor import clean_up_all


@logged
def handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """`{}` -> `{"unsettled"}`: how many could not be finished in time; the next invocation goes on with them."""
    return {"unsettled": clean_up_all()}
