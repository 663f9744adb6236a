"""The numbers of messages in a queue. On AWS they are approximate."""

from __future__ import annotations

from typing import Any

_ATTRIBUTE = "ApproximateNumberOfMessages"
_STATES = {"visible": "", "inFlight": "NotVisible", "delayed": "Delayed"}


def message_counts(sqs: Any, url: str) -> dict[str, int]:
    """The numbers of messages that are `visible`, `inFlight` and `delayed`. Raises ClientError, BotoCoreError."""
    names = [f"{_ATTRIBUTE}{kind}" for kind in _STATES.values()]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return {name: int(attributes[f"{_ATTRIBUTE}{kind}"]) for name, kind in _STATES.items()}
