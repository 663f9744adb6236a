"""What people and programs hear of the runs: a queue at the topic, and one behind a rule of the default bus."""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from local.embedded_aws import EmbeddedAws

QUIET_S = 3.0


@dataclass(frozen=True)
class News:
    """Queues that hear all of it."""

    aws: EmbeddedAws
    messages_url: str
    events_url: str

    def messages(self) -> dict[str, list[dict[str, Any]]]:
        """The run's id -> the topic's messages about it; to be asked once."""
        return _by_run(self._received(self.messages_url), lambda told: _run_in(told["Message"]))

    def events(self) -> dict[str, list[dict[str, Any]]]:
        """The run's id -> the events about it; to be asked once."""
        return _by_run(self._received(self.events_url), lambda event: str(event["detail"]["runId"]))

    def _received(self, url: str) -> list[dict[str, Any]]:
        """All there is, and what still comes within a few seconds."""
        sqs, found, deadline = self.aws.client("sqs"), [], time.monotonic() + QUIET_S
        while time.monotonic() < deadline:
            for each in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get(
                "Messages", []
            ):
                found.append(json.loads(each["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
                deadline = time.monotonic() + QUIET_S
        return found


def listen(aws: EmbeddedAws) -> News:
    """Hear everything from now on."""
    (topic,) = (each["TopicArn"] for each in aws.client("sns").list_topics()["Topics"])
    messages_url, messages_arn = _queue(aws, "messages")
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=messages_arn)
    events_url, events_arn = _queue(aws, "events")
    rules = aws.client("events")
    rules.put_rule(Name="news", EventPattern=json.dumps({"source": ["inference-unit-tuner"]}))
    rules.put_targets(Rule="news", Targets=[{"Id": "1", "Arn": events_arn}])
    return News(aws, messages_url, events_url)


def _queue(aws: EmbeddedAws, name: str) -> tuple[str, str]:
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=f"hears-{name}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, arn


def _by_run(told: list[dict[str, Any]], run_of: Any) -> dict[str, list[dict[str, Any]]]:
    found = defaultdict(list)
    for each in told:
        found[run_of(each)].append(each)
    return found


def _run_in(body: str) -> str:
    (run_id,) = re.findall(r"^Run: (.+)$", body, re.MULTILINE)
    return str(run_id)
