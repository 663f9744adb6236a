"""The states of a run for uploads, and the looks that start it, on moto's SQS, DynamoDB and Step Functions."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from iu_tuner.cli.aws.runs_table import RunsTable
from iu_tuner.cli.aws.tuner import Tuner
from iu_tuner.cli.terminal.images import uploads_progress
from iu_tuner.contract.detections import ListedImage
from iu_tuner.contract.errors import InvalidInput, ModelLost
from iu_tuner.contract.names import execution_of
from iu_tuner.contract.uploads.live_serve import LiveServe, uploads_of
from lambdas.aws import executions
from lambdas.aws.settings import settings
from lambdas.aws.table import Partition
from lambdas.handlers import gatekeeper, look_at_uploads, prepare_serve, publish_serve, release_model, start_model
from lambdas.inference import gatekeeper as keeping
from lambdas.inference.serve import look as looking
from lambdas.inference.serve.run import serve_store
from lambdas.inference.waves import activity as counting
from lambdas.inference.waves.activity import activity_of, count_batch, save_execution
from lambdas.inference.waves.failures import count_failures
from lambdas.models.lease import Lease
from lambdas.models.lease_store import lease_store
from lambdas.past_runs.store import history
from lambdas.processing.outcomes import Failure
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from tests.states.conftest import STARTED_AT, TABLE, Stack
from tests.states.test_upload_results import make_gate
from tests.support.modules import ROOT
from tests.waiting import wait_until

ROLE = "arn:aws:iam::123456789012:role/machine"
RUN_ID = "run-1"


@dataclass
class Serving:
    """What the Gatekeeper and the states of the machine see, with a clock that the test moves."""

    stack: Stack
    sqs: Any
    states: Any
    queue_url: str
    queue_arn: str
    model_arn: str
    machine_arn: str
    terms: dict[str, Any] = field(default_factory=dict)
    when_stopped: str = "start"
    now: float = field(default_factory=time.time)

    @property
    def input(self) -> dict[str, Any]:
        queues = [{"url": self.queue_url, "arn": self.queue_arn}]
        return {"task": "serve", "modelArn": self.model_arn, "prefix": "in/", "queues": queues, **self.terms}

    def upload(self, images: int) -> None:
        for _ in range(images):
            self.sqs.send_message(QueueUrl=self.queue_url, MessageBody="{}")

    def work(self, done: int, failed: int = 0) -> None:
        """AnalyseUploads works on all that waits."""
        self.sqs.purge_queue(QueueUrl=self.queue_url)
        count_batch(self.model_arn, done=done, failed=failed)

    def tick(self, seconds: float = 60.0) -> bool:
        """The Gatekeeper's look, some time later. Returns whether the gate is open."""
        self.now += seconds
        told: dict[str, Any] = {"modelArn": self.model_arn, "queueUrl": self.queue_url, "queueArn": self.queue_arn}
        if self.when_stopped == "start":
            told["start"] = {"startAt": {"images": 3, "oldestSeconds": 300}, "input": self.input}
        return gatekeeper.handler(told, self.stack.context)["open"]

    def prepare(self) -> dict[str, Any]:
        arn = execution_of(self.machine_arn, RUN_ID)
        event = {"input": self.input, "runId": RUN_ID, "executionArn": arn, "startedAt": self.stack.started_at}
        return prepare_serve.handler(event, self.stack.context)

    def start(self) -> None:
        wait_until("the model runs", lambda: start_model.handler({"runId": RUN_ID}, self.stack.context)["running"])

    def look(self, seconds: float = 1.0) -> int | None:
        """The machine's look, some time later."""
        self.now += seconds
        return look_at_uploads.handler({"runId": RUN_ID}, self.stack.context)["wait"]

    def look_until_over(self) -> list[int]:
        """Looks with the pauses in between, without waiting for them. Returns the pauses."""
        waits: list[int] = []
        while (wait := self.look(waits[-1] if waits else 1.0)) is not None:
            waits.append(wait)
        return waits

    def release(self) -> None:
        event = {"runId": RUN_ID, "input": self.input, "failed": False}
        wait_until("the release", lambda: release_model.handler(event, self.stack.context)["settled"])

    def publish(self) -> dict[str, Any]:
        return publish_serve.handler({"runId": RUN_ID}, self.stack.context)

    def runs(self) -> list[dict[str, Any]]:
        found = self.states.list_executions(stateMachineArn=self.machine_arn)["executions"]
        return [self.states.describe_execution(executionArn=run["executionArn"]) for run in found]

    def end_run(self) -> None:
        """moto ends an execution as aborted."""
        (run,) = (each for each in self.runs() if each["status"] == "RUNNING")
        self.states.stop_execution(executionArn=run["executionArn"])

    def gate(self) -> str:
        (mapping,) = boto3.client("lambda").list_event_source_mappings(EventSourceArn=self.queue_arn)[
            "EventSourceMappings"
        ]
        return str(mapping["State"])

    def status(self) -> str:
        return str(self.stack.service.model_report(self.model_arn)["status"])


@pytest.fixture
def serving(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    truth = ModelTruth(tps_per_iu=100, start_s=0.05, stop_s=0.05)
    arn = stack.service.add_model(ModelSetup(truth=truth))["modelArn"]
    sqs, states = boto3.client("sqs"), boto3.client("stepfunctions")
    url = sqs.create_queue(QueueName="uploads")["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    make_gate(queue_arn)
    machine = states.create_state_machine(name="serve", definition="{}", roleArn=ROLE)["stateMachineArn"]
    monkeypatch.setenv("STATE_MACHINE_ARN", machine)
    monkeypatch.setenv("MODEL_POLL_SECONDS", "30")
    serving = Serving(stack, sqs, states, url, queue_arn, arn, machine)
    for module in (keeping, looking, counting):
        monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: serving.now))
    yield serving


def hold(serving: Serving, kind: Any = "measure") -> Lease:
    lease = Lease(serving.model_arn, "other", "arn:execution", STARTED_AT, 90, "stop", kind=kind)
    return lease_store().acquire(lease)


def test_with_wait_a_model_that_is_off_for_a_day_receives_nothing_and_is_not_started(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving.when_stopped = "wait"
    serving.upload(9)

    opened = [serving.tick(3600) for _ in range(24)]

    assert not any(opened)
    assert (serving.gate(), serving.runs(), serving.status()) == ("Disabled", [], "STOPPED")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = serving.sqs.get_queue_attributes(QueueUrl=serving.queue_url, AttributeNames=names)["Attributes"]
    assert found == {names[0]: "9", names[1]: "0"}
    (message,) = serving.sqs.receive_message(
        QueueUrl=serving.queue_url, MessageSystemAttributeNames=["ApproximateReceiveCount"]
    )["Messages"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1", "this receive is the first"


def test_so_many_uploads_start_one_run_however_often_it_is_looked(serving: Serving) -> None:
    serving.upload(2)
    serving.tick()
    before = serving.runs()
    serving.upload(1)

    for _ in range(4):
        serving.tick()
        serving.tick(0)

    assert before == []
    (run,) = serving.runs()
    assert json.loads(run["input"]) == serving.input
    assert run["name"].startswith("uploads-")


def test_the_oldest_upload_starts_a_run_alone(serving: Serving) -> None:
    serving.upload(1)
    started = []
    for _ in range(7):
        serving.tick()
        started.append(len(serving.runs()))

    assert started == [0, 0, 0, 0, 0, 1, 1]


def test_an_age_counts_from_the_wave_s_own_beginning(serving: Serving) -> None:
    serving.upload(1)
    serving.tick()
    serving.sqs.purge_queue(QueueUrl=serving.queue_url)
    serving.tick(600)
    serving.upload(1)

    serving.tick()

    assert serving.runs() == []


def test_two_looks_that_know_nothing_of_each_other_start_the_same_run(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving.upload(3)
    serving.tick()
    save_execution(serving.model_arn, "arn:aws:states:us-east-1:123456789012:execution:serve:gone")

    serving.tick()

    assert len(serving.runs()) == 1


@pytest.mark.parametrize("kind", ["measure", "serve"])
def test_a_model_that_a_run_holds_is_not_started(serving: Serving, kind: str) -> None:
    lease = hold(serving, kind)
    serving.upload(3)
    serving.tick()
    held = serving.runs()

    lease_store().release(lease)
    serving.tick()

    assert held == []
    assert len(serving.runs()) == 1


def test_an_aborted_run_is_repeated_an_hour_later_or_with_new_terms(serving: Serving) -> None:
    serving.now = time.time() - 600  # moto's executions end by the clock on the wall
    serving.upload(3)
    serving.tick()
    serving.end_run()
    serving.now = time.time() + 1
    serving.tick()
    soon = len(serving.runs())
    serving.terms = {"limits": {"maxMinutes": 60}}
    serving.tick()
    with_new_terms = len(serving.runs())
    serving.end_run()

    serving.tick(3700)

    assert (soon, with_new_terms, len(serving.runs())) == (1, 2, 3)


def test_a_table_that_fails_starts_nothing_and_the_next_look_does(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving.upload(3)
    refused = boto3.client("stepfunctions").exceptions.ClientError({"Error": {"Code": "ThrottlingException"}}, "Start")
    with monkeypatch.context() as patched:
        patched.setattr(executions.states_client(), "start_execution", lambda **_: (_ for _ in ()).throw(refused))
        serving.tick()

    serving.tick()

    assert len(serving.runs()) == 1


def test_a_run_starts_opens_serves_closes_stops_and_tells(serving: Serving) -> None:
    serving.terms = {"idleStopMinutes": 10}
    count_batch(serving.model_arn, done=5, failed=5)  # of an earlier run
    serving.upload(4)
    assert serving.prepare() == {"holds": True, "output": None}
    serving.start()
    serving.look()
    opened = serving.gate()
    serving.look()
    serving.work(3, failed=1)
    worked_at = serving.now

    serving.look_until_over()

    assert opened == "Enabled"
    closing_at = serve_store(RUN_ID).load()[2].closing_at
    assert closing_at is not None
    assert closing_at - worked_at == pytest.approx(600, abs=2)
    assert serving.gate() == "Disabled"
    assert not serving.tick(0), "the model runs, and the gate stays closed"
    serving.release()
    output = serving.publish()
    assert (output["task"], output["verdict"], output["inferenceUnits"]) == ("serve", "served", 1)
    assert output["images"] == {"done": 3, "failed": 1, "waiting": 0}
    assert (output["model"]["statusBefore"], output["model"]["statusAfter"]) == ("STOPPED", "STOPPED")
    assert output["cost"]["runUsd"] > 0
    assert lease_store().get(serving.model_arn) is None
    assert serving.status() == "STOPPED"
    saved = [each["sk"]["S"] for each in serving.stack.items() if each["pk"]["S"] == f"MODEL#{serving.model_arn}"]
    assert f"SERVED#{serving.stack.started_at}" in saved


def test_its_failures_are_told_by_kind_with_an_example_and_those_of_earlier_runs_are_not(serving: Serving) -> None:
    arn = serving.model_arn
    count_failures(arn, [failure("old.jpg", "EmptyImage"), failure("old.gif", "InvalidImageFormatException")])
    serving.upload(4)
    serving.prepare()
    serving.start()
    serving.work(1, failed=3)
    count_failures(arn, [failure("in/a.gif", "InvalidImageFormatException"), failure("in/b c+é.jpg", "KmsError")])
    count_failures(arn, [failure("in/d.gif", "InvalidImageFormatException")])
    serving.look_until_over()
    serving.release()

    output = serving.publish()

    told = [(each["error"], each["images"], each["key"]) for each in output["failures"]]
    assert told == [("InvalidImageFormatException", 2, "in/d.gif"), ("KmsError", 1, "in/b c+é.jpg")]
    bucket, _, key = output["reportUri"].removeprefix("s3://").partition("/")
    page = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode().replace("<wbr>", "")
    assert [text for text in ("Failures by kind", "in/b c+é.jpg", "why KmsError") if text not in page] == []
    assert "old.jpg" not in page


def failure(key: str, error: str) -> Failure:
    return Failure(ListedImage(key, "etag", 1), error, f"why {error}", 1, permanent=True)


def test_a_client_follows_it_between_two_looks_and_finds_it_in_the_history(serving: Serving) -> None:
    table = RunsTable(serving.stack.dynamodb, TABLE)
    tuner = Tuner(serving.states, serving.machine_arn, table, sqs=serving.sqs)

    def followed() -> LiveServe:
        live = uploads_of(tuner.run(RUN_ID))
        assert live is not None
        return live

    count_batch(serving.model_arn, done=5, failed=5)  # of an earlier run
    serving.upload(4)
    serving.prepare()
    at_first = followed()
    serving.start()
    serving.look()
    opened_at = serving.now
    serving.now += 3
    serving.work(6, failed=1)

    live = followed()

    assert (at_first.done, at_first.failed, at_first.waiting, at_first.usd) == (0, 0, 4, None)
    assert (live.done, live.failed, live.waiting, live.opened_at) == (6, 1, 0, pytest.approx(opened_at))
    later = uploads_progress(live, serving.now + 130)
    assert later.startswith("6 uploads analysed, 1 failed, 0 waiting, 2.00 images/s, $0.1")
    assert later.endswith(" so far, nothing to do for 2 min of 10 min")
    assert uploads_progress(at_first, serving.now) == "0 uploads analysed, 4 waiting"
    serving.look_until_over()
    serving.release()
    output = serving.publish()
    bucket, _, key = output["reportUri"].removeprefix("s3://").partition("/")
    page = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    assert "6 results came within 3.0 s" in page
    history().save_failure(serving.model_arn, serving.stack.started_at, RUN_ID, "TIMED_OUT", "late")
    (past,) = table.past_runs(serving.model_arn, 5)
    late = {"status": "TIMED_OUT", "error": "TIMED_OUT", "cause": "late"}
    assert past.values == {"startedAt": serving.stack.started_at, **output, **late}
    assert past.output is None, "no measurement"


def test_uploads_that_come_while_it_closes_wait_for_the_next_start(serving: Serving) -> None:
    serving.upload(1)
    serving.prepare()
    serving.start()
    serving.look()
    serving.work(1)
    while not serve_store(RUN_ID).load()[2].closing_at:
        serving.look(60)
    serving.upload(2)

    serving.look_until_over()
    serving.release()

    assert serving.publish()["images"] == {"done": 1, "failed": 0, "waiting": 2}
    assert serving.gate() == "Disabled"


def test_a_limit_closes_the_gate_waits_for_what_is_in_flight_and_says_so(serving: Serving) -> None:
    serving.terms = {"limits": {"maxMinutes": 2}}
    serving.upload(5)
    serving.prepare()
    serving.start()
    serving.look()
    serving.sqs.receive_message(QueueUrl=serving.queue_url, VisibilityTimeout=600)
    waits = [serving.look(100)]
    waits += [serving.look(30) for _ in range(4)]

    assert waits[:3] == [30, 30, 30], "in flight"
    assert waits[-1] is None, "a message that waits for another attempt keeps no model"
    serving.release()
    output = serving.publish()
    assert output["verdict"] == "limit-reached"
    assert output["images"] == {"done": 0, "failed": 0, "waiting": 5}
    assert "limits.maxMinutes = 2" in output["verdictDetail"]


def test_a_model_that_somebody_stops_ends_the_run(serving: Serving) -> None:
    serving.upload(1)
    serving.prepare()
    serving.start()
    serving.look()
    boto3.client("rekognition").stop_project_version(ProjectVersionArn=serving.model_arn)

    with pytest.raises(ModelLost):
        serving.look()


def test_a_model_that_was_found_running_is_given_back(serving: Serving) -> None:
    boto3.client("rekognition").start_project_version(ProjectVersionArn=serving.model_arn, MinInferenceUnits=2)
    wait_until("the model runs", lambda: serving.status() == "RUNNING")
    serving.upload(1)
    serving.prepare()
    serving.start()
    serving.look()
    serving.work(1)

    serving.look_until_over()
    serving.release()

    output = serving.publish()
    assert (output["model"]["statusAfter"], output["inferenceUnits"]) == ("RUNNING", 2)
    assert serving.tick(0)
    assert serving.gate() == "Enabled"


def test_a_run_that_finds_the_lease_taken_touches_nothing(serving: Serving) -> None:
    hold(serving)

    prepared = serving.prepare()

    assert prepared["holds"] is False
    assert (prepared["output"]["verdict"], prepared["output"]["heldBy"]["runId"]) == ("skipped", "other")
    assert serving.status() == "STOPPED"


def test_a_run_of_hours_renews_its_lease(serving: Serving) -> None:
    serving.terms = {"limits": {"maxMinutes": 60}}
    serving.upload(1)
    serving.prepare()
    serving.start()
    serving.look(3000)

    lease = lease_store().get(serving.model_arn)

    assert lease is not None
    assert (lease.kind, lease.renewed_at) == ("serve", pytest.approx(serving.now, abs=1))
    ends = datetime.fromisoformat(serving.stack.started_at).timestamp() + 3600
    assert not lease.is_overdue(ends + 240)
    assert lease.is_overdue(serving.now + 901)


def test_it_starts_with_the_units_of_the_input(serving: Serving) -> None:
    serving.terms = {"units": 2}
    serving.prepare()
    serving.start()

    assert serve_store(RUN_ID).load()[1].inference_units == 2


def test_recommended_units_are_those_of_the_last_measurement_also_after_many_batches(serving: Serving) -> None:
    lines = (ROOT / "tests/unit/contract/output/outputs.jsonl").read_text("utf-8").splitlines()
    output = next(each for each in map(json.loads, lines) if each["verdict"] == "ok" and "cost" in each)
    output["recommendation"]["minInferenceUnits"] = 4
    past = Partition(serving.stack.dynamodb, TABLE, f"MODEL#{serving.model_arn}")
    past.put("RUN#2026-01-01T00:00:00Z", {"output": json.dumps(output), "verdict": "ok"})
    for number in range(60):
        past.put(f"RUN#2026-01-02T00:00:{number:02}Z", {"verdict": "complete", "task": "process"})

    serving.prepare()

    assert serve_store(RUN_ID).load()[0].inference_units == 4


def test_more_units_than_the_quota_are_refused(serving: Serving) -> None:
    serving.terms = {"units": 99}

    with pytest.raises(InvalidInput, match="units: got 99"):
        serving.prepare()


def test_a_batch_that_can_not_be_counted_brings_no_message_back(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNS_TABLE", "gone")
    settings.cache_clear()

    count_batch(serving.model_arn, done=1, failed=0)

    monkeypatch.setenv("RUNS_TABLE", "runs")
    settings.cache_clear()
    assert activity_of(serving.model_arn).batches == 0
