"""Janitor: the last layer of the safety net. Every few minutes it cleans up each lease whose run is over or overdue."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.cleanup.janitor import clean_up_all


@logged
def handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """`{}` -> `{"unsettled"}`: the number of leases left; the next invocation continues with them."""
    return {"unsettled": clean_up_all()}
