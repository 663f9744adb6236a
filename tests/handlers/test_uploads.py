"""StartAfterUploads: its messages, its state in the table, its runs; and a delivery that fails loses nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lambdas.adapters import executions, upload_watch, work_queue
from lambdas.adapters.leases import lease_book
from lambdas.capacity.lease import Lease
from lambdas.handlers import start_after_uploads
from tests.handlers.conftest import BUCKET, STARTED_AT, Stack

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/v1/1615476219000"
TRIGGER = {"prefix": "samples/", "settleSeconds": 10, "input": {"modelArn": ARN, "test": {"mode": "quick"}}}
# moto's executions start by the clock on the wall, which is after all uploads.
LONG_AGO = float(int(time.time()) - 100)
ROLE = "arn:aws:iam::123456789012:role/machine"


@dataclass
class Uploads:
    """The handler with its queue and its machine, and a clock that stands still."""

    stack: Stack
    sqs: Any
    states: Any
    queue_url: str
    machine_arn: str
    now: float = LONG_AGO
    sent: list[dict[str, Any]] = field(default_factory=list)

    def uploaded(self, at: float, **trigger: Any) -> str:
        """The rule's message about an upload."""
        moment = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return json.dumps({"trigger": {**TRIGGER, **trigger}, "uploadedAt": moment})

    def deliver(self, *bodies: str) -> dict[str, int]:
        return start_after_uploads.handler(
            {"Records": [{"messageId": "1", "body": body} for body in bodies]}, self.stack.context
        )

    def deliver_check(self) -> None:
        """The last check that was sent, when it is due."""
        body = self.sent[-1]["MessageBody"]
        self.now = json.loads(body)["checkDue"]
        self.deliver(body)

    def runs(self) -> list[dict[str, Any]]:
        found = self.states.list_executions(stateMachineArn=self.machine_arn)["executions"]
        return [self.states.describe_execution(executionArn=run["executionArn"]) for run in found]


@pytest.fixture
def uploads(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Uploads]:
    sqs, states = boto3.client("sqs"), boto3.client("stepfunctions")
    url = sqs.create_queue(QueueName="uploads")["QueueUrl"]
    machine = states.create_state_machine(name="tuner", definition="{}", roleArn=ROLE)["stateMachineArn"]
    monkeypatch.setenv("QUEUE_URL", url)
    monkeypatch.setenv("STATE_MACHINE_ARN", machine)
    uploads = Uploads(stack, sqs, states, url, machine)
    monkeypatch.setattr(upload_watch, "time", SimpleNamespace(time=lambda: uploads.now))
    send = work_queue.sqs_client().send_message

    def recorded(**message: Any) -> Any:
        answer = send(**message)
        uploads.sent.append(message)
        return answer

    monkeypatch.setattr(work_queue.sqs_client(), "send_message", recorded)
    return uploads


def lease() -> Lease:
    return Lease(ARN, "another-run", "arn:aws:states:us-east-1:1:execution:a:b", STARTED_AT, 90, "stop")


def test_a_batch_of_uploads_sends_one_check_for_when_they_have_settled(uploads: Uploads) -> None:
    answer = uploads.deliver(*[uploads.uploaded(LONG_AGO - number) for number in range(500)])

    (check,) = uploads.sent
    assert answer == {"messages": 500, "triggers": 1}
    assert json.loads(check["MessageBody"]) == {"trigger": TRIGGER, "checkDue": LONG_AGO + 12}
    assert check["DelaySeconds"] == 12
    assert uploads.runs() == []


def test_the_same_upload_told_again_sends_nothing(uploads: Uploads) -> None:
    uploads.deliver(uploads.uploaded(LONG_AGO))

    uploads.deliver(uploads.uploaded(LONG_AGO), uploads.uploaded(LONG_AGO - 5))

    assert len(uploads.sent) == 1


def test_an_upload_from_the_future_counts_as_one_of_now(uploads: Uploads) -> None:
    """Else runs would follow each other until that time has come."""
    uploads.deliver(uploads.uploaded(LONG_AGO + 3600))

    uploads.deliver_check()
    uploads.states.stop_execution(executionArn=uploads.runs()[0]["executionArn"])
    uploads.deliver_check()

    assert len(uploads.runs()) == 1


def test_each_trigger_of_a_batch_is_looked_after(uploads: Uploads) -> None:
    uploads.deliver(uploads.uploaded(LONG_AGO), uploads.uploaded(LONG_AGO, prefix="others/"))

    prefixes = [json.loads(check["MessageBody"])["trigger"]["prefix"] for check in uploads.sent]
    assert sorted(prefixes) == ["others/", "samples/"]


def test_the_check_starts_a_run_with_bucket_and_prefix_filled_in(uploads: Uploads) -> None:
    uploads.deliver(uploads.uploaded(LONG_AGO))

    uploads.deliver_check()

    (run,) = uploads.runs()
    assert json.loads(run["input"]) == {
        "modelArn": ARN,
        "test": {"mode": "quick"},
        "images": {"bucket": BUCKET, "prefix": "samples/"},
    }
    assert run["name"].startswith("upload-")


def test_a_model_that_is_tested_by_another_run_is_looked_at_again_later(uploads: Uploads) -> None:
    lease_book().take(lease())
    uploads.deliver(uploads.uploaded(LONG_AGO))
    uploads.deliver_check()
    while_held = uploads.runs()

    lease_book().release(lease())
    uploads.deliver_check()

    assert while_held == []
    assert len(uploads.runs()) == 1


def test_a_run_that_runs_is_watched_and_its_end_ends_the_watch(uploads: Uploads) -> None:
    uploads.deliver(uploads.uploaded(LONG_AGO))
    uploads.deliver_check()
    uploads.deliver_check()
    sent_while_running = len(uploads.sent)
    (run,) = uploads.runs()

    uploads.states.stop_execution(executionArn=run["executionArn"])
    uploads.deliver_check()

    assert sent_while_running == 3
    assert len(uploads.sent) == 3
    assert len(uploads.runs()) == 1


def test_an_upload_during_the_run_starts_another_after_it(uploads: Uploads) -> None:
    uploads.deliver(uploads.uploaded(LONG_AGO))
    uploads.deliver_check()
    (first,) = uploads.runs()
    uploads.now = first["startDate"].timestamp() + 30
    uploads.deliver(uploads.uploaded(uploads.now))
    uploads.deliver_check()
    during = len(uploads.runs())

    uploads.states.stop_execution(executionArn=first["executionArn"])
    uploads.deliver_check()

    assert during == 1
    assert len(uploads.runs()) == 2


CALLS = [
    (work_queue.sqs_client, "send_message"),
    (executions.states_client, "start_execution"),
    (upload_watch.dynamodb_client, "get_item"),
    (upload_watch.dynamodb_client, "put_item"),
]


@pytest.mark.parametrize("happens", [False, True], ids=["refused", "answer lost"])
@pytest.mark.parametrize(("client", "operation"), CALLS, ids=[operation for _, operation in CALLS])
def test_a_delivery_that_fails_comes_back_and_loses_nothing(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch, client: Any, operation: str, happens: bool
) -> None:
    """Each message is delivered three times: the first two deliveries fail at this call."""
    call = getattr(client(), operation)
    failures: list[str] = []

    def failing(**arguments: Any) -> Any:
        if len(failures) == 2:
            return call(**arguments)
        failures.append(operation)
        if happens:
            call(**arguments)
        raise ClientError({"Error": {"Code": "InternalError"}}, operation)

    def until_done(deliver: Any) -> None:
        while True:
            try:
                return deliver()
            except ClientError:
                continue

    monkeypatch.setattr(client(), operation, failing)
    until_done(lambda: uploads.deliver(uploads.uploaded(LONG_AGO)))
    failures.clear()
    until_done(uploads.deliver_check)

    assert len(failures) == 2
    assert len(uploads.runs()) == 1
    assert uploads.stack.items()[0]["run"]["S"] == uploads.runs()[0]["name"]


def test_a_message_that_is_none_of_ours_fails_loudly(uploads: Uploads) -> None:
    with pytest.raises(KeyError):
        uploads.deliver(json.dumps({"detail-type": "Object Created"}))
