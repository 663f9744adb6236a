"""PlanStep: decides from the counts so far: the next step, other inference units, or the end of the measurement."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.tuning.next_step import plan_step
from lambdas.tuning.scaling_guard import keep_answer_on_error


@logged
@keep_answer_on_error({"step": None, "restart": False})
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"runId", "refusedWorkers"}` -> `{"step": {"number", "workers", "startAt", …}, "restart": false}`.

    `refusedWorkers` is the number of the last step's workers that Lambda refused to run.
    `{"step": null}` if all is measured or, with `restart`, if the model must first run with other units.
    """
    return plan_step(event["runId"], event.get("refusedWorkers", 0))
