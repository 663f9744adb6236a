"""QuoteBatch: chooses the inference units, and checks deadline and limits before the start."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.batch.machine.quote import quote_batch


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    """`{"runId"}` -> `{"start"}`: whether there is anything to process."""
    return {"start": quote_batch(event["runId"])}
