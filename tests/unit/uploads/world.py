"""A queue, a table, a state machine and a model's lease in virtual time, with Lambdas that die at any call."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Literal

from botocore.exceptions import ClientError

from lambdas.adapters.upload_book import UploadBook
from lambdas.adapters.upload_messages import Trigger, news_of
from lambdas.adapters.upload_runs import UploadRuns
from lambdas.adapters.upload_watch import UploadWatch

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/v1/1615476219000"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:tuner"
EPOCH = 1_800_000_000.0
VISIBILITY_S = 180.0
POLL_S = 30

# What happens at a Lambda's n-th call of AWS: it dies before or after it, or another Lambda is quicker.
Fault = Literal["dies before", "dies after", "another meanwhile"]


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
class World:
    """Everything outside the Lambda; times in seconds since EPOCH."""

    settle_s: int = 10
    run_s: float = 60.0
    faults: dict[int, Fault] = field(default_factory=dict)
    others: list[tuple[float, float]] = field(default_factory=list)  # when another run holds the lease
    now: float = 0.0
    calls: int = 0
    messages: list[tuple[float, str]] = field(default_factory=list)  # visible at, body
    item: dict[str, Any] | None = None
    runs: list[Run] = field(default_factory=list)
    exceptions: Any = field(
        default_factory=lambda: SimpleNamespace(ExecutionAlreadyExists=AlreadyExistsError)
    )

    @property
    def trigger(self) -> Trigger:
        return Trigger("samples/", self.settle_s, {"modelArn": ARN, "test": {"mode": "quick"}})

    @property
    def measuring(self) -> list[Run]:
        """The runs that were not skipped."""
        self._settle_leases()
        return [run for run in self.runs if not run.is_skipped]

    def upload(self, at: float, *delays: float) -> None:
        """An image that is complete at `at`; its event arrives once per delay."""
        moment = datetime.fromtimestamp(int(EPOCH + at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = json.loads(self.trigger.as_message())
        self.messages += [(at + delay, json.dumps({**body, "uploadedAt": moment})) for delay in delays]

    def play(self, *, until: float = 10_000.0) -> None:
        """Deliver all messages, in the order they become visible."""
        for _ in range(2_000):
            if not self.messages or min(self.messages)[0] > until:
                return
            self.now = max(self.now, min(self.messages)[0])
            self.deliver_next()
        raise AssertionError("it never comes to rest")

    def deliver_next(self) -> None:
        """One Lambda takes one message that is visible, and deletes it unless it dies."""
        visible, body = min(self.messages)
        if visible > self.now:
            return
        self.messages.remove((visible, body))
        try:
            self.handle(body)
        except LambdaDied:
            self.messages.append((self.now + VISIBILITY_S, body))

    def handle(self, *bodies: str) -> None:
        """What the handler does with a batch."""
        for news in news_of([{"body": body} for body in bodies]):
            book = UploadBook(self, "runs", news.trigger.prefix, news.trigger.model_arn)
            runs = UploadRuns(self, MACHINE)
            watch = UploadWatch(
                news.trigger, book, self, runs, self, "queue", "bucket", POLL_S, lambda: EPOCH + self.now
            )
            if news.uploaded_at is not None:
                watch.note(news.uploaded_at)
            if news.check_due is not None:
                watch.check(news.check_due)

    # The calls of AWS that the code makes.

    def get_item(self, **_: Any) -> dict[str, Any]:
        return self._called(lambda: {"Item": self.item} if self.item else {})

    def put_item(self, **put: Any) -> None:
        def write() -> None:
            if self.item and self.item["version"] != put["ExpressionAttributeValues"][":read"]:
                raise ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "PutItem")
            self.item = put["Item"]

        self._called(write)

    def send_message(self, **sent: Any) -> None:
        assert sent["DelaySeconds"] <= 900
        self._called(lambda: self.messages.append((self.now + sent["DelaySeconds"], sent["MessageBody"])))

    def start_execution(self, **asked: Any) -> dict[str, Any]:
        def start() -> dict[str, Any]:
            if any(run.name == asked["name"] for run in self.runs):
                raise AlreadyExistsError
            run = Run(
                asked["name"], json.loads(asked["input"]), self.now, self.now + 1.5, self.now + self.run_s
            )
            self.runs.append(run)
            return {"startDate": datetime.fromtimestamp(EPOCH + run.started, UTC)}

        return self._called(start)

    def describe_execution(self, **asked: Any) -> dict[str, Any]:
        def describe() -> dict[str, Any]:
            self._settle_leases()
            (run,) = (run for run in self.runs if asked["executionArn"].endswith(f":{run.name}"))
            status = "RUNNING" if self.now < run.ends else "SUCCEEDED"
            output = json.dumps({"verdict": "skipped" if run.is_skipped else "ok"})
            started = datetime.fromtimestamp(EPOCH + run.started, UTC)
            return {"status": status, "output": output, "startDate": started}

        return self._called(describe)

    def of(self, _model_arn: str) -> object | None:
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
        if fault == "another meanwhile" and self.messages:
            self.deliver_next()
        answer = effect()
        if fault == "dies after":
            raise LambdaDied
        return answer
