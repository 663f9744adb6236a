"""PlanStep: look at the counts so far and say what step comes next, other inference units, or that all is measured."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.tuning.next_step import plan_step
from lambdas.tuning.scaling_guard import keep_answer_on_error


@logged
@keep_answer_on_error({"step": None, "restart": False})
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"runId", "refusedWorkers"}` -> `{"step": {"number", "workers", "startAt", …}, "restart": false}`.

    `refusedWorkers` are those of the step before that Lambda did not run.
    `{"step": null}` when all is measured, or, with `restart`, when the model has to run with other units first.
    """
    return plan_step(event["runId"], event.get("refusedWorkers", 0))
