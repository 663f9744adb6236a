"""The SQS queue of a Lambda: returns messages to it for a later attempt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lambdas.aws.clients import client
from lambdas.aws.errors import AWS_ERRORS
from lambdas.aws.logging import logger
from lambdas.aws.settings import settings


def retry_later(waits: Iterable[tuple[Mapping[str, Any], int]]) -> dict[str, Any]:
    """Hide each message for its number of seconds. Returns the partial batch response that keeps them in the queue."""
    failures = []
    for record, wait_s in waits:
        try:
            client("sqs").change_message_visibility(
                QueueUrl=settings().queue_url, ReceiptHandle=record.get("receiptHandle"), VisibilityTimeout=wait_s
            )
        except AWS_ERRORS:
            logger.warning("the message comes back after the queue's own time", exc_info=True)
        failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
