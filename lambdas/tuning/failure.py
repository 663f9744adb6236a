"""Explains why a run failed: finds the contract's error and a sentence, saves them, writes the page, notifies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeGuard

from iu_tuner.contract.errors import _BY_NAME, NAMES, AccessDenied, InternalError, RunError
from iu_tuner.contract.model_arn import model_arn_in
from lambdas.aws.denials import advice
from lambdas.aws.logging import logger
from lambdas.past_runs.store import history
from lambdas.reports.metrics import count_unstopped
from lambdas.reports.notifications import notify_failed
from lambdas.reports.publishing import put_failure_page
from lambdas.runs.store import run_store

_DENIAL_MARKS = ("AccessDenied", "not authorized to perform", "AuthorizationError")


def explain(failure: RunError, run_id: str, raw_input: Any, started_at: str) -> dict[str, str]:
    """Save why a run failed, and notify of it. Returns the execution's `{"error", "cause"}`."""
    error, cause, model_arn = type(failure).__name__, failure.sentence, model_arn_in(raw_input)
    count_unstopped(error)  # first: the alarm must not wait for a table that may not respond
    page = None
    try:
        run_store(run_id).fail(error, cause)
        if model_arn:
            history().save_failure(model_arn, started_at, run_id, error, cause)
        # Skipped if the table does not respond: the notification needs the time.
        page = put_failure_page(run_id, model_arn, error, cause)
    except Exception:  # noqa: BLE001 - the execution must fail with its own error, not with this one
        logger.exception("the failure could not be kept")
    is_settled = error != "ModelStopFailed"
    notify_failed(run_id, model_arn, error, cause, is_settled=is_settled, report_uri=page)
    return {"error": error, "cause": cause}


def identify(failure: Mapping[str, Any]) -> RunError:
    """The RunError behind an error that the state machine caught.

    `failure` is `{"Error": …, "Cause": …}`; the cause of a failed Lambda function is JSON with
    `errorMessage`. A failure that no handler raised on purpose becomes AccessDenied or InternalError.
    The cause of a failed stop also holds `stopFailure` and `runFailure`, the errors before it.
    """
    cause = _parse_cause(failure.get("Cause"))
    message = str(cause.get("errorMessage") or failure.get("Cause") or "no cause was given")
    name, _, sentence = message.partition(": ")
    if name in NAMES:
        earlier_errors = [identify(cause[key]) for key in ("stopFailure", "runFailure") if _is_failure(cause.get(key))]
        return _BY_NAME[name](" - before that, ".join([sentence, *map(str, earlier_errors)]))
    if "TooManyRequests" in str(failure.get("Error")):
        return InternalError(
            f"Lambda refused to run a function ({message}) - the account's concurrent executions are used up: run again"
            " when less is going on, or raise them in Service Quotas"
        )
    if any(mark in message for mark in _DENIAL_MARKS):
        default_advice = "grant this to the function's role, or name the model in `modelArns`"
        return AccessDenied(f"{message} - {advice(message, default_advice)}")
    return InternalError(
        f"{failure.get('Error', 'unknown error')}: {message} - see the logs of the Lambda function in CloudWatch"
    )


def _parse_cause(cause: object) -> Mapping[str, Any]:
    try:
        values = json.loads(cause) if isinstance(cause, str) else None
    except ValueError:
        values = None
    return values if isinstance(values, dict) else {}


def _is_failure(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, dict) and "Error" in value
