"""The messages of the uploads queue: an upload that a rule tells of, or a check that we sent ourselves.

Both carry the trigger as the stack deployed it, so that a message says all there is to know; and neither
carries an object's key: whatever an uploader calls a file, nobody here reads it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MOST_DELAY_S = 900  # SQS's limit


@dataclass(frozen=True)
class Trigger:
    """Images under this prefix start a run with this input once no more came for so long."""

    prefix: str
    settle_s: int
    input: Mapping[str, Any]

    @property
    def model_arn(self) -> str:
        """The model that the runs measure."""
        return str(self.input["modelArn"])

    def as_message(self, **more: float) -> str:
        """The body of a message about it."""
        trigger = {"prefix": self.prefix, "settleSeconds": self.settle_s, "input": self.input}
        return json.dumps({"trigger": trigger, **more})


@dataclass(frozen=True)
class News:
    """What a batch of messages says about one trigger: its newest upload, its latest check, or both."""

    trigger: Trigger
    uploaded_at: int | None  # seconds since the epoch
    check_due: float | None


def news_of(records: Iterable[Mapping[str, Any]]) -> list[News]:
    """The batch, a trigger at a time. All but the newest and the latest would change nothing after those."""
    news: dict[tuple[str, str], News] = {}
    for body in (json.loads(record["body"]) for record in records):
        trigger = Trigger(
            body["trigger"]["prefix"], int(body["trigger"]["settleSeconds"]), body["trigger"]["input"]
        )
        key = (trigger.prefix, trigger.model_arn)
        before = news.get(key, News(trigger, None, None))
        if "uploadedAt" in body:
            at = int(datetime.fromisoformat(body["uploadedAt"]).timestamp())
            news[key] = News(trigger, max(before.uploaded_at or at, at), before.check_due)
        else:
            due = float(body["checkDue"])
            news[key] = News(trigger, before.uploaded_at, max(before.check_due or due, due))
    return list(news.values())


def send_check(client: Any, queue_url: str, trigger: Trigger, *, due: float, now: float) -> None:
    """Have a check delivered when it is due, or as late as the queue can."""
    client.send_message(
        QueueUrl=queue_url,
        MessageBody=trigger.as_message(checkDue=due),
        DelaySeconds=min(MOST_DELAY_S, max(0, math.ceil(due - now))),
    )
