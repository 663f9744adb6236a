"""The messages of a queue, as SQS counts them: on AWS approximately, and up to a minute late."""

from __future__ import annotations

from dataclasses import dataclass

from lambdas.aws.clients import client
from lambdas.aws.errors import AWS_ERRORS
from lambdas.aws.logging import logger

_ATTRIBUTE_PREFIX = "ApproximateNumberOfMessages"


@dataclass(frozen=True)
class QueueCounts:
    """The messages that can be received, that are being worked on or wait for another attempt, and that are delayed."""

    visible: int
    in_flight: int
    delayed: int

    @property
    def messages(self) -> int:
        """The number of messages in all three states."""
        return self.visible + self.in_flight + self.delayed


def counts_of(queue_url: str) -> QueueCounts | None:
    """The counts now. Returns None if the queue can't be read, which is logged."""
    names = [f"{_ATTRIBUTE_PREFIX}{kind}" for kind in ("", "NotVisible", "Delayed")]
    try:
        attributes = client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
    except AWS_ERRORS:
        logger.warning("the queue could not be read", exc_info=True)
        return None
    return QueueCounts(*(int(attributes[name]) for name in names))
