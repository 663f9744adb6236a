"""Prepare: check the input, take the model's lease, look at model, images and budget. Nothing is started yet."""

from __future__ import annotations

from typing import Any

from iu_tuner.contract.execution_input import parse_input
from iu_tuner.contract.output.json_values import to_json
from lambdas.aws.logging import logged
from lambdas.models.lease import Lease
from lambdas.models.lease_store import lease_store
from lambdas.planning.cloudwatch_demand import keep_history
from lambdas.reports.metrics import count_verdict
from lambdas.runs.store import run_store
from lambdas.tuning.output import skipped
from lambdas.tuning.prepare import find_model, plan_run, require_same_region


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"input", "runId", "executionArn", "startedAt"}` -> `{"holds", "output"}`.

    What was settled is kept in the runs table. A run that does not hold the model's lease, as another
    does, ends here with `output`, and has touched nothing.
    """
    wanted, run_id = parse_input(event["input"]), event["runId"]
    book = lease_store()
    lease = book.take(
        Lease(
            wanted.model_arn,
            run_id,
            event["executionArn"],
            event["startedAt"],
            wanted.limits.max_minutes,
            wanted.after_run,
        )
    )
    if lease.run_id != run_id:
        count_verdict(wanted.model_arn, "skipped")
        return {"holds": False, "output": to_json(skipped(run_id, lease))}
    require_same_region(wanted)  # an input error: nothing is owed to the model for it yet
    found = find_model(wanted)
    book.note(lease.found(found.model.project_arn, found.state))
    run = plan_run(wanted, found, lease)
    keep_history(run, found.model)
    run_store(run_id).create(run)
    return {"holds": True, "output": None}
