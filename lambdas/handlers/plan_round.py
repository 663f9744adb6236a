"""PlanRound: decides what comes after a round of workers."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.batch.machine.rounds import plan_round


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"runId"}` -> `{"round", "restart"}`; without both the batch ends."""
    return plan_round(event["runId"])
