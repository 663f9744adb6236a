"""Telling of a run that is over: metrics, an event for programs, a message for people. Each of them once.

Nothing here may change how a run ends: what goes wrong is logged as an error and counted (`NotificationsFailed`),
and the rest is told all the same. Only a run's own item keeps layers that end the same run from telling of it twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from iu_tuner.contract.events import SOURCE, DetailType, event_detail
from iu_tuner.contract.names import run_key
from iu_tuner.contract.output.json_values import to_json
from iu_tuner.contract.output.live_run import Receipt
from iu_tuner.contract.output.result import FailedOutput, Output
from lambdas.aws.logging import log_run, logger
from lambdas.aws.settings import settings
from lambdas.aws.table import COUNTS_KEPT_S, dynamodb_client, plain, serialized
from lambdas.reports import email as message
from lambdas.reports import metrics
from lambdas.reports.email import Message
from lambdas.reports.run_summary import failed_row, finished_row
from lambdas.runs.failed_run import FailedRun

_TOLD = {"Run Finished": "notifiedFinished", "Run Failed": "notifiedFailed", "Model Settled": "notifiedCleanedUp"}
# In a VPC without a way to a service nobody answers; the function has a run to hand back.
FAST_FAIL_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=2, read_timeout=5)


def notify_finished(output: Output, duration_s: float) -> None:
    """A run has its answer."""
    if _claim_notification("Run Finished", output.run_id) is None:
        return
    metrics.measured(output, duration_s)
    log_run(finished_row(output))
    _send("Run Finished", output, lambda: message.finished_email(output))


def notify_failed(
    run_id: str,
    model_arn: str | None,
    error: str,
    cause: str,
    *,
    is_settled: bool = True,
    report_uri: str | None = None,
) -> bool:
    """A run has ended without an answer; False: that had been told before.

    What the run's own item says of error and cause goes before what is given.
    """
    known = _claim_notification("Run Failed", run_id)
    if known is None:
        return False

    def tell() -> None:
        error_kept, cause_kept = str(known.get("error", error)), str(known.get("cause", cause))
        run = FailedRun(
            run_id,
            model_arn,
            error_kept,
            cause_kept,
            _receipt(known),
            is_settled,
            is_receipt_known=bool(known),
            report_uri=report_uri,
        )
        metrics.failed(run)
        log_run(failed_row(run))
        _send("Run Failed", run.as_output(), lambda: message.failed_email(run))

    _guarded(tell)
    return True


def notify_cleaned_up(run_id: str, model_arn: str) -> None:
    """A layer of the safety net has settled what a run that was told to have failed had left."""
    known = _claim_notification("Model Settled", run_id) or {}

    def tell() -> None:
        receipt = _receipt(known)
        if receipt is None or receipt.settled_by == "finally":
            return
        run = FailedRun(run_id, model_arn, str(known.get("error")), str(known.get("cause")), receipt)
        _send("Model Settled", run.as_output(), lambda: message.cleaned_up_email(run, receipt))

    _guarded(tell)


def _send(detail_type: DetailType, output: Output | FailedOutput, text: Callable[[], Message]) -> None:
    _guarded(lambda: _put_event(detail_type, output))
    _guarded(lambda: _publish(detail_type, text()))


def _put_event(detail_type: DetailType, output: Output | FailedOutput) -> None:
    model_arn = output.model_arn
    entry = {
        "Source": SOURCE,
        "DetailType": detail_type,
        "Detail": event_detail(to_json(output)),
        "Resources": [model_arn] if model_arn else [],
    }
    answer = events_client().put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        raise RuntimeError(f"EventBridge refused the event: {answer['Entries'][0]}")


def _publish(detail_type: DetailType, told: Message) -> None:
    kind = {"DataType": "String", "StringValue": detail_type}  # for the filter of a subscription
    sns_client().publish(
        TopicArn=settings().topic_arn, Subject=told.subject, Message=told.body, MessageAttributes={"detailType": kind}
    )


def _claim_notification(what: DetailType, run_id: str) -> dict[str, Any] | None:
    """The run's item, marked; None: it had the mark; empty: the table does not answer, so better twice than never."""
    try:
        marked = dynamodb_client().update_item(
            TableName=settings().runs_table,
            Key=serialized(run_key(run_id)),
            UpdateExpression="SET #told = :now, expiresAt = :later",
            ConditionExpression="attribute_not_exists(#told)",
            ExpressionAttributeNames={"#told": _TOLD[what]},
            ExpressionAttributeValues=serialized(
                {":now": int(time.time()), ":later": int(time.time()) + COUNTS_KEPT_S}
            ),
            ReturnValues="ALL_NEW",
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, the run is over, and has to be told of
        if isinstance(error, ClientError) and "ConditionalCheckFailed" in error.response["Error"]["Code"]:
            return None
        logger.exception("whether this has been told already could not be read")
        return {}
    return plain(marked["Attributes"])


def _receipt(item: Mapping[str, Any]) -> Receipt | None:
    return Receipt.read(item["receipt"]) if "receipt" in item else None


def _guarded(tell: Callable[[], None]) -> None:
    try:
        tell()
    except Exception:  # noqa: BLE001 - the run ends as it ends, and whoever looks finds this in the log
        logger.exception("a run that is over could not be told of")
        metrics.count_failed_notifications()


@cache
def events_client() -> Any:
    """The EventBridge client."""
    return boto3.client("events", config=FAST_FAIL_CONFIG)


@cache
def sns_client() -> Any:
    """The SNS client."""
    return boto3.client("sns", config=FAST_FAIL_CONFIG)
