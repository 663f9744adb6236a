"""What people and programs hear of the runs: a queue at the topic, and one behind a rule of the default bus."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Any

from local.embedded_aws import EmbeddedAws
from tests.waiting import wait_until

# Of a second each, for what should not come.
QUIET_LOOKS = 3


@dataclass(frozen=True)
class News:
    """Queues that hear all of it."""

    aws: EmbeddedAws
    messages_url: str
    events_url: str

    def messages(self, of_runs: Set[str]) -> dict[str, list[dict[str, Any]]]:
        """The run's id -> the topic's messages about it, of these runs at least; to be asked once."""
        return self._received(self.messages_url, lambda told: _run_in(told["Message"]), of_runs)

    def events(self, of_runs: Set[str]) -> dict[str, list[dict[str, Any]]]:
        """The run's id -> the events about it, of these runs at least; to be asked once."""
        return self._received(self.events_url, lambda event: str(event["detail"]["runId"]), of_runs)

    def _received(
        self, url: str, run_of: Callable[[dict[str, Any]], str], of_runs: Set[str]
    ) -> dict[str, list[dict[str, Any]]]:
        """All there is once these runs were told of, and what still comes within a few seconds."""
        sqs, found = self.aws.client("sqs"), defaultdict[str, list[dict[str, Any]]](list)

        def receive() -> list[dict[str, Any]]:
            asked = {"MaxNumberOfMessages": 10, "WaitTimeSeconds": 1}
            received: list[dict[str, Any]] = sqs.receive_message(QueueUrl=url, **asked).get("Messages", [])
            for each in received:
                told = json.loads(each["Body"])
                found[run_of(told)].append(told)
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
            return received

        wait_until("news of every run", lambda: not receive() and found.keys() >= of_runs, pause_s=0)
        for _ in range(QUIET_LOOKS):
            receive()
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


def _run_in(body: str) -> str:
    (run_id,) = re.findall(r"^Run: (.+)$", body, re.MULTILINE)
    return str(run_id)
