"""ReleaseModel: reads the model's status and makes one move to what the lease asks for. Every run passes through it."""

from __future__ import annotations

from typing import Any

from iu_tuner.contract.model_arn import model_arn_in
from lambdas.aws.logging import logged
from lambdas.cleanup.cleanup import clean_up_run


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    """`{"runId", "input", "failed"}` -> `{"settled"}`; if false, call again later. A failed run applies nothing."""
    return {"settled": clean_up_run(event["runId"], model_arn_in(event["input"]), failed=event.get("failed", True))}
