"""StartAfterUploads: its messages, its state in the table, its runs; and a delivery that fails loses nothing."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.aws import executions
from lambdas.aws.clients import client
from lambdas.aws.table import Partition, dynamodb_client
from lambdas.handlers import start_after_uploads
from lambdas.models.lease import Lease
from lambdas.models.lease_store import lease_store
from lambdas.triggers import uploads as upload_watch
from tests.states.conftest import BUCKET, STARTED_AT, TABLE, Stack
from tests.unit.triggers.fake_aws import is_allowed

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
    kept: list[dict[str, Any]] = field(default_factory=list)
    """The records that came back, with the seconds until then."""

    def uploaded(self, at: float, key: str = "samples/a.jpg", **trigger: Any) -> str:
        """The rule's message about an upload."""
        moment = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return json.dumps({"trigger": {**TRIGGER, **trigger}, "uploadedAt": moment, "object": {"key": key, "size": 3}})

    def deliver(self, *bodies: str) -> list[int]:
        """Send these messages, and hand them to the Lambda as one batch; returns which of them came back."""
        records = []
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=body)
            (message,) = self.sqs.receive_message(QueueUrl=self.queue_url)["Messages"]
            records.append(
                {
                    "messageId": message["MessageId"],
                    "receiptHandle": message["ReceiptHandle"],
                    "body": body,
                    "attributes": {"ApproximateFirstReceiveTimestamp": str(int(self.now * 1000))},
                }
            )
        return [records.index(record) for record in self.hand_out(records)]

    def hand_out(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answer = start_after_uploads.handler({"Records": records}, self.stack.context)
        ids = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        self.kept = [record for record in records if record["messageId"] in ids]
        return self.kept

    def retry_later(self) -> None:
        """The kept records, when they are visible again."""
        self.now += max(self.waits[record["receiptHandle"]] for record in self.kept)
        self.hand_out(self.kept)

    @property
    def waits(self) -> dict[str, int]:
        """Handle -> the seconds that the Lambda asked for, last."""
        return {each["ReceiptHandle"]: each["VisibilityTimeout"] for each in self.hidden}

    hidden: list[Mapping[str, Any]] = field(default_factory=list)

    def runs(self) -> list[dict[str, Any]]:
        found = self.states.list_executions(stateMachineArn=self.machine_arn)["executions"]
        return [self.states.describe_execution(executionArn=run["executionArn"]) for run in found]


@pytest.fixture
def uploads(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Uploads:
    sqs, states = boto3.client("sqs"), boto3.client("stepfunctions")
    url = sqs.create_queue(QueueName="uploads", Attributes={"VisibilityTimeout": "3600"})["QueueUrl"]
    machine = states.create_state_machine(name="tuner", definition="{}", roleArn=ROLE)["stateMachineArn"]
    monkeypatch.setenv("QUEUE_URL", url)
    monkeypatch.setenv("STATE_MACHINE_ARN", machine)
    uploads = Uploads(stack, sqs, states, url, machine)
    monkeypatch.setattr(upload_watch, "time", SimpleNamespace(time=lambda: uploads.now))
    hide = client("sqs").change_message_visibility

    def recorded(**asked: Any) -> Any:
        answer = hide(**asked)
        uploads.hidden.append(asked)
        return answer

    monkeypatch.setattr(client("sqs"), "change_message_visibility", recorded)
    return uploads


def lease() -> Lease:
    return Lease(ARN, "another-run", "arn:aws:states:us-east-1:1:execution:a:b", STARTED_AT, 90, "stop")


def test_of_a_batch_of_uploads_the_newest_comes_back_when_they_have_settled(uploads: Uploads) -> None:
    kept = uploads.deliver(*[uploads.uploaded(LONG_AGO - number) for number in range(50)])

    assert kept == [0]
    assert list(uploads.waits.values()) == [12]
    assert uploads.runs() == []


def test_an_upload_before_the_last_is_done_with(uploads: Uploads) -> None:
    uploads.deliver(uploads.uploaded(LONG_AGO))

    assert uploads.deliver(uploads.uploaded(LONG_AGO - 5)) == []


def test_a_message_about_an_earlier_upload_goes_when_a_later_one_is_known(uploads: Uploads) -> None:
    uploads.deliver(uploads.uploaded(LONG_AGO - 5))
    earlier = uploads.kept
    uploads.deliver(uploads.uploaded(LONG_AGO))

    assert uploads.hand_out(earlier) == []


def test_an_upload_from_the_future_counts_as_one_of_when_its_message_was_read(uploads: Uploads) -> None:
    """Else every later upload would have to wait until that time has come."""
    uploads.deliver(uploads.uploaded(LONG_AGO + 3600))
    uploads.retry_later()

    assert len(uploads.runs()) == 1


def test_each_trigger_of_a_batch_is_looked_after(uploads: Uploads) -> None:
    kept = uploads.deliver(uploads.uploaded(LONG_AGO), uploads.uploaded(LONG_AGO, prefix="others/"))

    assert kept == [0, 1]


def test_a_trigger_that_fails_does_not_keep_the_others_waiting(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = executions.states_client().start_execution

    def refused_for_others(**asked: Any) -> Any:
        if "others/" in asked["input"]:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "StartExecution")
        return start(**asked)

    monkeypatch.setattr(executions.states_client(), "start_execution", refused_for_others)
    uploads.deliver(uploads.uploaded(LONG_AGO, prefix="others/"), uploads.uploaded(LONG_AGO))
    uploads.retry_later()

    assert len(uploads.kept) == 2
    assert len(uploads.runs()) == 1


def test_the_run_gets_bucket_and_prefix_filled_in(uploads: Uploads) -> None:
    uploads.deliver(uploads.uploaded(LONG_AGO))
    uploads.retry_later()

    (run,) = uploads.runs()
    assert json.loads(run["input"]) == {
        "modelArn": ARN,
        "test": {"mode": "quick"},
        "images": {"bucket": BUCKET, "prefix": "samples/"},
    }
    assert run["name"].startswith("upload-")


def test_a_model_that_is_tested_by_another_run_is_looked_at_again_later(uploads: Uploads) -> None:
    lease_store().acquire(lease())
    uploads.deliver(uploads.uploaded(LONG_AGO))
    uploads.retry_later()
    while_held = uploads.runs()

    lease_store().release(lease())
    uploads.retry_later()

    assert while_held == []
    assert len(uploads.runs()) == 1


def test_a_message_stays_until_its_run_has_ended(uploads: Uploads) -> None:
    uploads.deliver(uploads.uploaded(LONG_AGO))
    uploads.retry_later()
    uploads.retry_later()
    while_running = uploads.kept
    (run,) = uploads.runs()

    uploads.states.stop_execution(executionArn=run["executionArn"])
    uploads.retry_later()

    assert len(while_running) == 1
    assert uploads.kept == []
    assert len(uploads.runs()) == 1


def test_an_upload_during_the_run_starts_another_after_it(uploads: Uploads) -> None:
    uploads.deliver(uploads.uploaded(LONG_AGO))
    uploads.retry_later()
    (first,) = uploads.runs()
    lease_store().acquire(lease())
    uploads.now += 30
    uploads.deliver(uploads.uploaded(uploads.now))
    uploads.retry_later()
    during = len(uploads.runs())

    lease_store().release(lease())
    uploads.states.stop_execution(executionArn=first["executionArn"])
    uploads.retry_later()

    assert during == 1
    assert len(uploads.runs()) == 2


def test_an_event_that_is_late_or_comes_twice_starts_no_run_after_the_one_that_saw_it(uploads: Uploads) -> None:
    uploads.deliver(uploads.uploaded(LONG_AGO))
    uploads.retry_later()
    uploads.states.stop_execution(executionArn=uploads.runs()[0]["executionArn"])
    uploads.retry_later()

    assert uploads.deliver(uploads.uploaded(LONG_AGO + 3)) == []
    uploads.deliver(uploads.uploaded(LONG_AGO))
    uploads.retry_later()
    assert uploads.kept == []
    assert len(uploads.runs()) == 1


CALLS = [
    (partial(client, "sqs"), "change_message_visibility"),
    (executions.states_client, "start_execution"),
    (dynamodb_client, "get_item"),
    (dynamodb_client, "update_item"),
]


@pytest.mark.parametrize("happens", [False, True], ids=["refused", "answer lost"])
@pytest.mark.parametrize(("service", "operation"), CALLS, ids=[operation for _, operation in CALLS])
def test_a_call_that_fails_twice_loses_nothing(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch, service: Any, operation: str, happens: bool
) -> None:
    call = getattr(service(), operation)
    failures: list[str] = []

    def failing(**arguments: Any) -> Any:
        if len(failures) == 2:
            return call(**arguments)
        failures.append(operation)
        if happens:
            call(**arguments)
        raise ClientError({"Error": {"Code": "InternalError"}}, operation)

    monkeypatch.setattr(service(), operation, failing)
    uploads.deliver(uploads.uploaded(LONG_AGO))
    while len(failures) < 2 or not uploads.runs():
        assert len(uploads.kept) == 1
        uploads.now += 182
        uploads.hand_out(uploads.kept)

    assert len(failures) == 2
    assert len(uploads.kept) == 1
    assert len(uploads.runs()) == 1


FOREIGN = {
    "S3's test event": '{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "my-images"}',
    "a raw event": json.dumps(
        {
            "detail-type": "Object Created",
            "source": "aws.s3",
            "time": "2026-11-21T06:10:00Z",
            "detail": {"bucket": {"name": "my-images"}, "object": {"key": "samples/a b+c.jpg", "size": 3}},
        }
    ),
    "text": "hello",
    "nothing": "",
    "a list": "[1, 2]",
    "half a surrogate pair": '{"trigger": "\\ud800"}',
    "a check of an earlier version": json.dumps({"trigger": TRIGGER, "checkDue": LONG_AGO}),
    "a trigger without a model": json.dumps(
        {"trigger": {**TRIGGER, "input": {}}, "uploadedAt": "2026-11-21T06:10:00Z"}
    ),
    "a time without a zone": json.dumps({"trigger": TRIGGER, "uploadedAt": "2026-11-21T06:10:00"}),
}


@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN)
def test_a_message_of_another_kind_is_dropped_with_a_log_line_and_the_others_are_noted(
    uploads: Uploads, caplog: pytest.LogCaptureFixture, foreign: str
) -> None:
    kept = uploads.deliver(uploads.uploaded(LONG_AGO), foreign, uploads.uploaded(LONG_AGO + 1))

    assert kept == [2]
    (line,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert line.__dict__["body"] == foreign


def test_a_message_of_an_earlier_version_that_names_no_object_is_noted(uploads: Uploads) -> None:
    moment = datetime.fromtimestamp(LONG_AGO, UTC).isoformat()

    assert uploads.deliver(json.dumps({"trigger": TRIGGER, "uploadedAt": moment})) == [0]


@pytest.mark.parametrize(
    ("name", "starts"),
    [
        ("a.jpg", True),
        ("a.JPG", True),
        ("a.Jpg", True),
        ("IMG_0001.JPEG", True),
        ("x/y/z.png", True),
        ("scan.JPg", True),
        ("a.Png", True),
        ("a.jfif", True),
        ("a.JPE", True),
        ('quote".jpg', True),
        ("line\nbreak.jpg", True),
        ("写真/ü.png", True),
        ("no-suffix", False),
        ("notes.txt", False),
        ("a.jpg.part", False),
        ("jpg", False),
        ("", False),
    ],
)
def test_names_of_images_start_a_run_in_any_case_and_the_others_are_logged(
    uploads: Uploads, caplog: pytest.LogCaptureFixture, name: str, starts: bool
) -> None:
    kept = uploads.deliver(uploads.uploaded(LONG_AGO, key=f"samples/{name}"))

    logged = [json.loads(line.__dict__["body"]) for line in caplog.records if "body" in line.__dict__]
    assert kept == ([0] if starts else [])
    assert [line["object"]["key"] for line in logged] == ([] if starts else [f"samples/{name}"])


TIMES = st.integers(0, 4)


@pytest.mark.parametrize("condition", [upload_watch._IS_NEWEST, upload_watch._IS_UNCHANGED])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    item=st.fixed_dictionaries({}, optional={"lastUpload": TIMES, "coveredThrough": TIMES}), told=TIMES, before=TIMES
)
def test_conditions_mean_in_the_table_what_they_mean_in_virtual_time(
    stack: Stack, condition: str, item: dict[str, int], told: int, before: int
) -> None:
    items = Partition(stack.dynamodb, TABLE, "UPLOADS#samples/", kept_s=60)
    stack.dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": "UPLOADS#samples/"}, "sk": {"S": ARN}})
    if item:
        items.put(ARN, item)
    values = {"lastUpload": told}
    if condition == upload_watch._IS_UNCHANGED:
        values |= {"coveredThrough": 9, "coveredBefore": before}

    written = items.update(ARN, values, condition=condition)

    assert bool(written) == is_allowed(condition, item, values)
