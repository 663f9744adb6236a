"""StartModel: one look at the model, and one move towards RUNNING. The state machine waits in between."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.tuning.scaling_guard import keep_answer_on_error
from lambdas.tuning.start import move_towards_running


@logged
@keep_answer_on_error({"running": False, "givenUp": True})
def handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    """`{"runId"}` -> `{"running", "givenUp"}`; not running: wait, then look again, unless it was given up.

    What is given up is only ever the second measurement, with other inference units.
    """
    return {"running": move_towards_running(event["runId"]), "givenUp": False}
