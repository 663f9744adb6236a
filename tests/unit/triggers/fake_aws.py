"""A queue, a table, a state machine and a model's lease in virtual time, with Lambdas that die at any call."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from botocore.exceptions import ClientError

from lambdas.aws import queue as work_queue
from lambdas.aws.queue import retry_later
from lambdas.aws.settings import FunctionSettings
from lambdas.triggers import uploads as upload_watch
from lambdas.triggers.uploads import look_after

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/v1/1615476219000"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:tuner"
EPOCH = 1_800_000_000.0
VISIBILITY_S = 182.0
MAX_RECEIVES = 100
POLL_S = 30
SETTINGS = FunctionSettings(
    {
        "RUNS_TABLE": "runs",
        "IMAGE_BUCKET": "bucket",
        "QUEUE_URL": "queue",
        "STATE_MACHINE_ARN": MACHINE,
        "MODEL_POLL_SECONDS": str(POLL_S),
    }
)

# What happens at a Lambda's n-th call of AWS: it dies before or after it, the call is refused, or another Lambda
# is quicker.
Fault = Literal["dies before", "dies after", "refused", "another meanwhile"]


class LambdaDied(BaseException):
    """Not an Exception: nothing in the code may catch it."""


class AlreadyExistsError(Exception):
    """Step Functions' ExecutionAlreadyExists."""


@dataclass
class Run:
    """An execution: it takes the lease a moment after its start, and lists the images after that."""

    name: str
    input: Mapping[str, Any]
    started: float
    takes_lease_at: float
    ends: float
    is_skipped: bool | None = None


@dataclass
class Message:
    """A message of the queue."""

    visible_at: float
    number: int
    body: str
    receives: int = 0
    first_received_at: float = 0.0

    def record(self) -> dict[str, Any]:
        """What Lambda hands to the function."""
        return {
            "messageId": str(self.number),
            "receiptHandle": str(self.number),
            "body": self.body,
            "attributes": {"ApproximateFirstReceiveTimestamp": str(int((EPOCH + self.first_received_at) * 1000))},
        }


@dataclass
class World:
    """Everything outside the Lambda; times in seconds since EPOCH."""

    settle_s: int = 10
    run_s: float = 60.0
    faults: dict[int, Fault] = field(default_factory=dict)
    others: list[tuple[float, float]] = field(default_factory=list)  # when another run holds the lease
    now: float = 0.0
    calls: int = 0
    sent: int = 0
    messages: list[Message] = field(default_factory=list)
    dead_letters: list[Message] = field(default_factory=list)
    item: dict[str, Any] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    exceptions: Any = field(default_factory=lambda: SimpleNamespace(ExecutionAlreadyExists=AlreadyExistsError))

    @property
    def trigger(self) -> dict[str, Any]:
        return {
            "prefix": "samples/",
            "settleSeconds": self.settle_s,
            "input": {"modelArn": ARN, "test": {"mode": "quick"}},
        }

    @property
    def measuring(self) -> list[Run]:
        """The runs that were not skipped."""
        self._settle_leases()
        return [run for run in self.runs if not run.is_skipped]

    def upload(self, at: float, *delays: float) -> None:
        """An image that is complete at `at`; its event arrives once per delay."""
        moment = datetime.fromtimestamp(int(EPOCH + at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        message = {"trigger": self.trigger, "uploadedAt": moment, "object": {"key": "samples/a.jpg"}}
        for delay in delays:
            self.sent += 1
            self.messages.append(Message(at + delay, self.sent, json.dumps(message)))

    def play(self, *, until: float = 100_000.0) -> None:
        """Deliver all messages, in the order they become visible."""
        for _ in range(5_000):
            if not self.messages or self._next().visible_at > until:
                return
            self.now = max(self.now, self._next().visible_at)
            self.deliver(self._next())
        raise AssertionError("it never comes to rest")

    def deliver(self, *messages: Message) -> None:
        """One Lambda takes these messages; those that it is done with are deleted."""
        for message in messages:
            message.first_received_at = message.first_received_at or self.now
            message.receives += 1
            message.visible_at = self.now + VISIBILITY_S
        try:
            with pytest.MonkeyPatch.context() as patched:
                self._connect(patched)
                answer = retry_later(look_after([message.record() for message in messages]))
        except LambdaDied:
            kept = {str(message.number) for message in messages}
        else:
            kept = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for message in messages:
            is_dead = message.receives >= MAX_RECEIVES
            if str(message.number) not in kept or is_dead:
                self.messages.remove(message)
            if str(message.number) in kept and is_dead:
                self.dead_letters.append(message)

    def _next(self) -> Message:
        return min(self.messages, key=lambda message: (message.visible_at, message.number))

    def _connect(self, patched: pytest.MonkeyPatch) -> None:
        patched.setattr(upload_watch, "Partition", lambda *_, **__: self)
        patched.setattr(upload_watch, "dynamodb_client", lambda: None)
        patched.setattr(upload_watch, "lease_store", lambda: SimpleNamespace(get=self.lease_of))
        patched.setattr(upload_watch, "states_client", lambda: self)
        patched.setattr(upload_watch, "settings", lambda: SETTINGS)
        patched.setattr(upload_watch, "time", SimpleNamespace(time=lambda: EPOCH + self.now))
        patched.setattr(work_queue, "client", lambda _: self)
        patched.setattr(work_queue, "settings", lambda: SETTINGS)

    # The calls of AWS that the code makes.

    def update(self, sk: str, values: Mapping[str, Any], *, condition: str) -> bool:
        """The two conditional writes as DynamoDB decides on them (tests/states/test_uploads.py compares)."""

        def write() -> bool:
            if is_allowed(condition, self.item, values):
                self.item = {**self.item, **values}
                return True
            return False

        assert sk == ARN
        return self._called(write)

    def get(self, _sk: str) -> dict[str, Any]:
        return self._called(lambda: dict(self.item))

    def change_message_visibility(self, **asked: Any) -> None:
        def hide() -> None:
            assert 0 < asked["VisibilityTimeout"] <= 12 * 3600
            for message in self.messages:
                if str(message.number) == asked["ReceiptHandle"]:
                    message.visible_at = self.now + asked["VisibilityTimeout"]

        self._called(hide)

    def start_execution(self, **asked: Any) -> None:
        def start() -> None:
            if any(run.name == asked["name"] for run in self.runs):
                raise AlreadyExistsError
            self.runs.append(
                Run(asked["name"], json.loads(asked["input"]), self.now, self.now + 1.5, self.now + self.run_s)
            )

        self._called(start)

    def describe_execution(self, **asked: Any) -> dict[str, Any]:
        def describe() -> dict[str, Any]:
            self._settle_leases()
            (run,) = (run for run in self.runs if asked["executionArn"].endswith(f":{run.name}"))
            status = "RUNNING" if self.now < run.ends else "SUCCEEDED"
            return {"status": status, "output": json.dumps({"verdict": "skipped" if run.is_skipped else "ok"})}

        return self._called(describe)

    def lease_of(self, _model_arn: str) -> object | None:
        """The lease."""
        return self._called(lambda: object() if self._is_held(self.now) else None)

    def _is_held(self, at: float) -> bool:
        self._settle_leases()
        own = [(run.takes_lease_at, run.ends) for run in self.runs if run.is_skipped is False]
        return any(start <= at < end for start, end in self.others + own)

    def _settle_leases(self) -> None:
        """Runs whose moment to take the lease has come hold it, or were skipped."""
        for run in sorted(self.runs, key=lambda run: run.takes_lease_at):
            if run.is_skipped is None and run.takes_lease_at <= self.now:
                held = self.others + [
                    (other.takes_lease_at, other.ends) for other in self.runs if other.is_skipped is False
                ]
                run.is_skipped = any(start <= run.takes_lease_at < end for start, end in held)
                if run.is_skipped:
                    run.ends = run.takes_lease_at + 0.5

    def _called(self, effect: Callable[[], Any]) -> Any:
        self.calls += 1
        fault = self.faults.pop(self.calls, None)
        if fault == "dies before":
            raise LambdaDied
        if fault == "refused":
            raise ClientError({"Error": {"Code": "InternalError"}}, "Any")
        if fault == "another meanwhile" and self._visible():
            self.now += 1.0  # the slower Lambda has looked at the clock before
            self.deliver(self._visible()[0])
        answer = effect()
        if fault == "dies after":
            raise LambdaDied
        return answer

    def _visible(self) -> list[Message]:
        return [message for message in self.messages if message.visible_at <= self.now]


def is_allowed(condition: str, item: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether a conditional write of these values over this item goes through."""
    last, covered = item.get("lastUpload"), item.get("coveredThrough")
    told = values["lastUpload"]
    if condition == upload_watch._IS_NEWEST:
        return last in (None, told) or (last < told and (covered is None or covered < told))
    assert condition == upload_watch._IS_UNCHANGED
    return last == told and covered in (None, values["coveredBefore"])
