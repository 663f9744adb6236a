"""ExplainFailure: why the run failed, by the contract's names and in a sentence."""

from __future__ import annotations

from typing import Any

from lambdas.adapters.announcements import tell_failed
from lambdas.adapters.history import history
from lambdas.adapters.logs import logged, logger
from lambdas.adapters.metrics import count_unstopped
from lambdas.adapters.report_page import put_failure_page
from lambdas.adapters.run_store import run_store
from lambdas.capacity.errors import identify
from lambdas.capacity.model_arn import model_arn_in


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
    tell_failed(event["runId"], model_arn, error, cause, is_settled=is_settled, report_uri=page)
    return {"error": error, "cause": cause}
