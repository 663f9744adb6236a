"""FindCurrent: finds the images that have a current result, before the model is started."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.batch.machine.listing import find_current_results


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    """`{"runId"}` -> `{"looked"}`; if false, call again."""
    return {"looked": find_current_results(event["runId"])}
