"""Reads and fills the queue of an upload pipeline: its counts, its gate, its dead letters."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from iu_tuner.cli.aws.errors import calling_aws
from iu_tuner.cli.aws.queue_counts import message_counts
from iu_tuner.cli.aws.stack import Deployment
from iu_tuner.contract.names import INFERENCE_ENTRY, UPLOADS_OUTPUT
from iu_tuner.contract.uploads.entry import InferenceEntry, parse_entry
from iu_tuner.exit_codes import ClientError, UsageError

_BATCH_SIZE = 10  # messages of one call to SQS
_HIDDEN_S = 60  # a dead letter that is not replayed is seen again after this time
_MAX_METRIC_AGE_S = 600.0


@dataclass(frozen=True)
class UploadQueue:
    """The queue of one entry of `inference`."""

    deployment: Deployment
    entry: InferenceEntry
    url: str
    dead_letters_url: str
    gate: str  # the state of the event source mapping, such as Enabled

    @classmethod
    def of(cls, deployment: Deployment, prefix: str) -> UploadQueue:
        """The queue for uploads under a prefix. Raises UsageError if the stack has none, ClientError."""
        urls = json.loads(deployment.outputs.get(UPLOADS_OUTPUT, "{}"))
        queue_prefix = next((each for each in urls if prefix.startswith(each)), None)
        if queue_prefix is None:
            known_prefixes = f"it has {', '.join(urls)}" if urls else "it has none: set the context key inference"
            raise UsageError(f"prefix: got {prefix}; the stack has no uploads under it - {known_prefixes}")
        with calling_aws():
            sqs, functions = deployment.aws.of("sqs"), deployment.aws.of("lambda")
            names = ["QueueArn", "RedrivePolicy"]
            queue = sqs.get_queue_attributes(QueueUrl=urls[queue_prefix], AttributeNames=names)["Attributes"]
            dead_letters = json.loads(queue["RedrivePolicy"])["deadLetterTargetArn"].rpartition(":")[2]
            mappings = functions.list_event_source_mappings(EventSourceArn=queue["QueueArn"])["EventSourceMappings"]
            if not mappings:
                raise ClientError(f"the queue of {queue_prefix} feeds no Lambda - deploy the stack again")
            function = functions.get_function_configuration(FunctionName=mappings[0]["FunctionArn"])
            dead_letters_url = sqs.get_queue_url(QueueName=dead_letters)["QueueUrl"]
        entry = parse_entry(json.loads(function["Environment"]["Variables"][INFERENCE_ENTRY]))
        return cls(deployment, entry, urls[queue_prefix], dead_letters_url, mappings[0]["State"])

    def counts(self) -> dict[str, int]:
        """The numbers of messages that are `visible`, `inFlight`, `delayed` and `dead`. On AWS they are approximate."""
        with calling_aws():
            sqs = self.deployment.aws.of("sqs")
            dead_letter_counts = message_counts(sqs, self.dead_letters_url)
            return {**message_counts(sqs, self.url), "dead": dead_letter_counts["visible"]}

    def oldest_s(self) -> float | None:
        """The age of the oldest message in seconds, by CloudWatch. Returns None if it does not know."""
        now, name = time.time(), self.url.rpartition("/")[2]
        with calling_aws():
            datapoints = self.deployment.aws.of("cloudwatch").get_metric_statistics(
                Namespace="AWS/SQS",
                MetricName="ApproximateAgeOfOldestMessage",
                Dimensions=[{"Name": "QueueName", "Value": name}],
                StartTime=now - _MAX_METRIC_AGE_S,
                EndTime=now,
                Period=60,
                Statistics=["Maximum"],
            )["Datapoints"]
        return max(datapoints, key=lambda each: each["Timestamp"])["Maximum"] if datapoints else None

    def send(self, keys: Iterable[str]) -> int:
        """Put uploads with these keys into the queue. Returns their number."""
        bodies = (_event(self.deployment.image_bucket, key) for key in keys)
        return sum(self._send(batch) for batch in _batches(bodies))

    def replay(self, reason: str | None) -> int:
        """Move the dead letters with this reason, or all, back into the queue. Returns their number.

        An upload that fails again becomes a new dead letter meanwhile, which stays.
        """
        started_ms, moved_letters = 1000 * time.time(), 0
        handles_by_id: dict[str, str] = {}  # of the letters that stay: the handle by which each is shown again
        while letters := [each for each in self._dead_letters() if each["MessageId"] not in handles_by_id]:
            matching = [
                each
                for each in letters
                if int(each["Attributes"]["SentTimestamp"]) <= started_ms and reason in (None, _reason(each))
            ]
            handles_by_id |= {each["MessageId"]: each["ReceiptHandle"] for each in letters if each not in matching}
            moved_letters += self._send([each["Body"] for each in matching])
            for each in matching:
                self._dead_letter("delete_message", each["ReceiptHandle"])
        for handle in handles_by_id.values():
            self._dead_letter("change_message_visibility", handle, VisibilityTimeout=0)
        return moved_letters

    def _dead_letters(self) -> list[dict[str, Any]]:
        """Up to ten dead letters, which are hidden from now on for _HIDDEN_S seconds."""
        with calling_aws():
            reply = self.deployment.aws.of("sqs").receive_message(
                QueueUrl=self.dead_letters_url,
                MaxNumberOfMessages=_BATCH_SIZE,
                MessageSystemAttributeNames=["SentTimestamp"],
                MessageAttributeNames=["All"],
                VisibilityTimeout=_HIDDEN_S,
                WaitTimeSeconds=1,
            )
        letters: list[dict[str, Any]] = reply.get("Messages", [])
        return letters

    def _dead_letter(self, operation: str, handle: str, **arguments: int) -> None:
        with calling_aws():
            call = getattr(self.deployment.aws.of("sqs"), operation)
            call(QueueUrl=self.dead_letters_url, ReceiptHandle=handle, **arguments)

    def _send(self, bodies: list[str]) -> int:
        if not bodies:
            return 0
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
        with calling_aws():
            reply = self.deployment.aws.of("sqs").send_message_batch(QueueUrl=self.url, Entries=entries)
        if reply.get("Failed"):
            raise ClientError(f"SQS did not take {len(reply['Failed'])} messages: {reply['Failed'][0]} - run it again")
        return len(entries)


def _reason(letter: dict[str, Any]) -> str | None:
    reason = letter.get("MessageAttributes", {}).get("reason")
    return reason and str(reason["StringValue"])


def _event(bucket: str, key: str) -> str:
    """A message like that of an upload."""
    detail = {"bucket": {"name": bucket}, "object": {"key": key}}
    return json.dumps({"source": "aws.s3", "detail-type": "Object Created", "detail": detail})


def _batches(bodies: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(bodies, _BATCH_SIZE)):
        yield batch
