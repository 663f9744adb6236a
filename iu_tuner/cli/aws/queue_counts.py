"""The numbers of messages in a queue. On AWS they are approximate."""

from __future__ import annotations

from typing import Any

_NAME = "ApproximateNumberOfMessages"
_KINDS = {"visible": "", "inFlight": "NotVisible", "delayed": "Delayed"}


def message_counts(sqs: Any, url: str) -> dict[str, int]:
    """The numbers of messages that are `visible`, `inFlight` and `delayed`. Raises ClientError, BotoCoreError."""
    names = [f"{_NAME}{kind}" for kind in _KINDS.values()]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return {name: int(found[f"{_NAME}{kind}"]) for name, kind in _KINDS.items()}
