"""ExplainFailure: why the run failed, by the contract's names and in a sentence."""

from __future__ import annotations

from typing import Any

from iu_tuner.contract.model_arn import model_arn_in
from lambdas.aws.logging import logged, logger
from lambdas.past_runs.store import history
from lambdas.reports.metrics import count_unstopped
from lambdas.reports.notifications import notify_failed
from lambdas.reports.publishing import put_failure_page
from lambdas.runs.store import run_store
from lambdas.tuning.failure import identify


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    """`{"runId", "input", "startedAt", "failure": {"Error", "Cause"}}` -> the execution's `{"error", "cause"}`."""
    failure = identify(event["failure"])
    error, cause, model_arn = type(failure).__name__, failure.sentence, model_arn_in(event.get("input"))
    count_unstopped(error)  # first: the alarm must not wait for a table that does not answer
    page = None
    try:
        run_store(event["runId"]).fail(error, cause)
        if model_arn:
            history().keep_failure(model_arn, event["startedAt"], event["runId"], error, cause)
        # Not where the table does not answer: the time is needed to tell.
        page = put_failure_page(event["runId"], model_arn, error, cause)
    except Exception:  # noqa: BLE001 - the execution tells it all the same, and must not tell this instead
        logger.exception("the failure could not be kept")
    is_settled = error != "ModelStopFailed"
    notify_failed(event["runId"], model_arn, error, cause, is_settled=is_settled, report_uri=page)
    return {"error": error, "cause": cause}
