"""The queue that feeds a Lambda: how a message that is not done with comes back soon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import boto3

from lambdas.adapters.settings import settings


@cache
def sqs_client() -> Any:
    """The SQS client."""
    return boto3.client("sqs")


def come_back(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The Lambda's answer that leaves these messages in the queue, for a look at the model later."""
    for record in records:
        sqs_client().change_message_visibility(
            QueueUrl=settings().queue_url,
            ReceiptHandle=record["receiptHandle"],
            VisibilityTimeout=settings().model_poll_s,
        )
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in records]}
