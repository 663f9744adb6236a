"""StartModel: reads the model's status and makes one move to RUNNING. The state machine waits between two calls."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.tuning.scaling_guard import keep_answer_on_error
from lambdas.tuning.start import move_towards_running


@logged
@keep_answer_on_error({"running": False, "givenUp": True})
def handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    """`{"runId"}` -> `{"running", "givenUp"}`; if both are false, call again later.

    Only the scaling check, a second measurement with other inference units, is ever given up.
    """
    return {"running": move_towards_running(event["runId"]), "givenUp": False}
