"""Dead letters of uploads that can't be analysed, each with its reason in message attributes."""

from __future__ import annotations

from lambdas.aws.clients import client
from lambdas.aws.errors import AWS_ERRORS
from lambdas.aws.logging import logger
from lambdas.aws.settings import settings
from lambdas.processing.outcomes import Failure


def send_dead_letter(body: str, failure: Failure) -> bool:
    """Send the message with the reason of the failure. Returns False if SQS does not take it."""
    texts = {"reason": failure.error, "message": failure.message or failure.error, "attempts": str(failure.attempts)}
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in texts.items()}
    try:
        client("sqs").send_message(QueueUrl=settings().dead_letters_url, MessageBody=body, MessageAttributes=attributes)
    except AWS_ERRORS:
        logger.exception("a dead letter could not be sent", extra={"key": failure.image.key})
        return False
    return True
