"""Notifies once of a finished run: metrics, an event for programs, a message for people.

An error here never changes how a run ends: it is logged and counted (`NotificationsFailed`), and the other
notifications are still sent. A conditional update of the run's item makes sure that only one layer sends each of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from iu_tuner.contract.batch.output import BatchOutput
from iu_tuner.contract.events import SOURCE, DetailType, event_detail
from iu_tuner.contract.names import RUN_ITEM, run_pk
from iu_tuner.contract.output.json_values import to_json
from iu_tuner.contract.output.result import FailedOutput, Output
from iu_tuner.contract.uploads.serve_output import ServeOutput
from lambdas.aws.clients import client
from lambdas.aws.logging import log_run, logger
from lambdas.aws.settings import settings
from lambdas.aws.table import COUNTS_KEPT_S, Partition, dynamodb_client
from lambdas.reports import email as message
from lambdas.reports import metrics
from lambdas.reports.email import Message
from lambdas.reports.run_summary import batch_row, failed_row, finished_row, serve_row
from lambdas.runs.failed_run import FailedRun
from lambdas.runs.store_items import receipt_of

AnyOutput = Output | BatchOutput | ServeOutput | FailedOutput
Published = TypeVar("Published", Output, BatchOutput, ServeOutput)
_SENT_FLAGS = {"Run Finished": "notifiedFinished", "Run Failed": "notifiedFailed", "Model Settled": "notifiedCleanedUp"}


def notify_finished(output: Output, duration_s: float) -> None:
    """Notify once of a run that has its answer."""
    _notify_once(output, duration_s, metrics.write_measurement, finished_row, message.finished_email)


def notify_batch(output: BatchOutput, duration_s: float) -> None:
    """Notify once of a batch that is published."""
    _notify_once(output, duration_s, metrics.write_batch, batch_row, message.batch_email)


def notify_served(output: ServeOutput, duration_s: float) -> None:
    """Notify once of a run for uploads that is published."""
    _notify_once(output, duration_s, metrics.write_serve_run, serve_row, message.serve_email)


def _notify_once(
    output: Published,
    duration_s: float,
    write_metrics: Callable[[Published, float], None],
    row: Callable[[Published], dict[str, Any]],
    email: Callable[[Published], Message],
) -> None:
    if _claim_notification("Run Finished", output.run_id) is None:
        return
    write_metrics(output, duration_s)
    log_run(row(output))
    _send("Run Finished", output, lambda: email(output))


def notify_failed(
    run_id: str,
    model_arn: str | None,
    error: str,
    cause: str,
    *,
    is_settled: bool = True,
    report_uri: str | None = None,
) -> bool:
    """Notify of a run that has ended without an answer. Returns False if that was sent before.

    The error and cause in the run's item take precedence over the arguments.
    """
    item = _claim_notification("Run Failed", run_id)
    if item is None:
        return False

    def send() -> None:
        saved_error, saved_cause = str(item.get("error", error)), str(item.get("cause", cause))
        run = FailedRun(
            run_id,
            model_arn,
            saved_error,
            saved_cause,
            receipt_of(item),
            is_settled,
            is_receipt_known=bool(item),
            report_uri=report_uri,
        )
        metrics.write_failed_run(run)
        log_run(failed_row(run))
        _send("Run Failed", run.as_output(), lambda: message.failed_email(run))

    _guarded(send)
    return True


def notify_cleaned_up(run_id: str, model_arn: str) -> None:
    """Notify that the safety net has cleaned up after a run whose failure was notified before."""
    item = _claim_notification("Model Settled", run_id) or {}

    def send() -> None:
        receipt = receipt_of(item)
        if receipt is None or receipt.settled_by == "finally":
            return
        run = FailedRun(run_id, model_arn, str(item.get("error")), str(item.get("cause")), receipt)
        _send("Model Settled", run.as_output(), lambda: message.cleaned_up_email(run, receipt))

    _guarded(send)


def _send(detail_type: DetailType, output: AnyOutput, text: Callable[[], Message]) -> None:
    _guarded(lambda: _put_event(detail_type, output))
    _guarded(lambda: _publish(detail_type, text()))


def _put_event(detail_type: DetailType, output: AnyOutput) -> None:
    model_arn = output.model_arn
    entry = {
        "Source": SOURCE,
        "DetailType": detail_type,
        "Detail": event_detail(to_json(output)),
        "Resources": [model_arn] if model_arn else [],
    }
    answer = _fast_fail_client("events").put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        raise RuntimeError(f"EventBridge refused the event: {answer['Entries'][0]}")


def _publish(detail_type: DetailType, message: Message) -> None:
    kind = {"DataType": "String", "StringValue": detail_type}  # for subscription filters
    _fast_fail_client("sns").publish(
        TopicArn=settings().topic_arn,
        Subject=message.subject,
        Message=message.body,
        MessageAttributes={"detailType": kind},
    )


def _claim_notification(what: DetailType, run_id: str) -> dict[str, Any] | None:
    """Claim the notification. Returns the run's item, None if it was sent before, or {} if DynamoDB failed.

    In the last case it is sent anyway: better twice than never.
    """
    flag = _SENT_FLAGS[what]
    try:
        items = Partition(dynamodb_client(), settings().runs_table, run_pk(run_id), kept_s=COUNTS_KEPT_S)
        return items.update(RUN_ITEM, {flag: int(time.time())}, condition=f"attribute_not_exists({flag})")
    except Exception:  # noqa: BLE001 - the notification must be sent whatever the error is
        logger.exception("whether this notification was sent before could not be read")
        return {}


def _guarded(send: Callable[[], None]) -> None:
    try:
        send()
    except Exception:  # noqa: BLE001 - a failed notification must not change how the run ends
        logger.exception("a notification about a run that is over could not be sent")
        metrics.count_failed_notifications()


def _fast_fail_client(service: str) -> Any:
    """A client with short timeouts: in a VPC without a route to the service, the call must not delay the run's end."""
    return client(service, attempts=2, connect_s=2, read_s=5)
