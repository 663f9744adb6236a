"""The lease, and the layers that settle it when the state machine can't: each alone, on a model that runs."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from iu_tuner.contract.errors import InternalError, ModelLost
from iu_tuner.contract.output.live_run import Receipt
from lambdas.handlers import janitor, stop_on_delete
from lambdas.handlers import release_orphaned_model as release_orphaned_model
from lambdas.models.lease import Lease
from lambdas.models.lease_store import lease_store
from lambdas.models.status import ModelState
from lambdas.runs.store import run_store
from lambdas.tuning.start import start
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from tests.states.conftest import STARTED_AT, TABLE, Stack, picture

FAST: dict[str, Any] = {"start_s": 0.3, "stop_s": 0.3}


@pytest.fixture
def running(stack: Stack) -> str:
    """A model that a run has started."""
    arn = stack.service.add_model(ModelTruth(**FAST))["modelArn"]
    stack.upload("samples/1.png", picture())
    stack.prepare({"modelArn": arn})
    until(stack.start)
    return arn


@pytest.fixture
def execution(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A running execution of the name and ARN that the stack's run says it has."""
    states = boto3.client("stepfunctions")
    definition = {"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}
    machine = states.create_state_machine(
        name="Tuner", definition=json.dumps(definition), roleArn="arn:aws:iam::000000000000:role/r"
    )
    monkeypatch.setenv("STATE_MACHINE_ARNS", machine["stateMachineArn"])
    started = states.start_execution(stateMachineArn=machine["stateMachineArn"], name=stack.run_id)
    stack.execution_arn = started["executionArn"]
    return states


def until(done: Callable[[], bool], looks: int = 60) -> None:
    for _ in range(looks):
        if done():
            return
        time.sleep(0.1)
    raise AssertionError(f"not there after {looks} looks")


def status(stack: Stack, arn: str) -> str:
    return str(stack.service.model_report(arn)["status"])


def ended(stack: Stack, arn: str, status: str = "ABORTED") -> dict[str, Any]:
    """The rule's event on the queue, as ReleaseOrphanedModel gets it."""
    detail = {"name": stack.run_id, "status": status, "input": json.dumps({"modelArn": arn})}
    record = {"messageId": "m-1", "receiptHandle": "", "body": json.dumps({"detail": detail})}
    return {"Records": [record]}


class TestTheLease:
    def test_a_second_run_touches_nothing_and_names_the_first(self, stack: Stack, running: str) -> None:
        stack.run_id = "run-2"

        answer = stack.prepare({"modelArn": running})

        assert answer["holds"] is False
        assert answer["output"]["verdict"] == "skipped"
        assert answer["output"]["heldBy"]["runId"] == "run-1"
        assert stack.settle({"modelArn": running})
        assert status(stack, running) == "RUNNING"
        assert stack.run_item() == {}

    def test_a_start_that_is_on_its_way_is_not_asked_for_again(
        self, stack: Stack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        arn = stack.service.add_model(ModelTruth(**FAST))["modelArn"]
        stack.upload("samples/1.png", picture())
        stack.prepare({"modelArn": arn})
        asked: list[int] = []
        monkeypatch.setattr(
            "lambdas.models.rekognition.control_plane.RekognitionModel.start",
            lambda _, units, **__: asked.append(units),
        )

        assert [stack.start(), stack.start(), stack.start()] == [False, False, False]

        assert asked == [1]

    def test_a_lambda_that_is_asked_twice_keeps_its_lease(self, stack: Stack, running: str) -> None:
        assert stack.prepare({"modelArn": running})["holds"]

    def test_a_refused_input_takes_no_lease_and_leaves_a_running_model_alone(self, stack: Stack, running: str) -> None:
        stack.run_id = "run-2"

        assert stack.settle({"modelArn": running, "unknown": 1})

        assert status(stack, running) == "RUNNING"

    def test_a_run_whose_item_cannot_be_read_has_its_model_stopped_all_the_same(
        self, stack: Stack, running: str
    ) -> None:
        key = {"pk": {"S": f"RUN#{stack.run_id}"}, "sk": {"S": "RUN"}}
        stack.dynamodb.put_item(TableName=TABLE, Item={**key, "plan": {"S": "no JSON"}})

        with pytest.raises(ValueError):  # there is no receipt without it, so somebody has to look
            stack.settle({"modelArn": running})

        assert status(stack, running) in ("STOPPING", "STOPPED")

    def test_a_run_that_is_being_ended_cannot_start_the_model(self, stack: Stack, running: str) -> None:
        lease = lease_store().get(running)
        assert lease is not None
        lease_store().mark_closing(lease)

        with pytest.raises(ModelLost, match="has been ended"):
            start(None, lease, ModelState("RUNNING"), 1, "token")  # type: ignore[arg-type]
        with pytest.raises(ModelLost, match="has been ended"):
            stack.plan()


class TestTheRule:
    @pytest.fixture(autouse=True)
    def queue(self, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Handles of the messages that asked to come back."""
        delayed: list[str] = []

        class Queue:
            def change_message_visibility(self, **asked: Any) -> None:
                delayed.append(f"{asked['ReceiptHandle']}:{asked['VisibilityTimeout']}")

        monkeypatch.setenv("QUEUE_URL", "http://queue")
        monkeypatch.setattr("lambdas.aws.queue.client", lambda _: Queue())
        return delayed

    def rescue(self, stack: Stack, event: dict[str, Any]) -> bool:
        return not release_orphaned_model.handler(event, stack.context)["batchItemFailures"]

    def test_a_message_comes_back_until_the_model_is_seen_stopped(
        self, stack: Stack, running: str, queue: list[str]
    ) -> None:
        event = ended(stack, running)
        event["Records"][0]["receiptHandle"] = "handle"

        first = self.rescue(stack, event)
        until(lambda: self.rescue(stack, event))

        assert first is False
        assert set(queue) == {"handle:1"}
        assert status(stack, running) == "STOPPED"
        assert lease_store().get(running) is None
        item = stack.run_item()
        assert (item["phase"], item["error"]) == ("failed", "ABORTED")
        assert item["receipt"]["settled_by"] == "rule"
        assert item["receipt"]["usd"] > 0

    def test_an_event_that_comes_late_leaves_the_next_run_alone(self, stack: Stack, running: str) -> None:
        event = ended(stack, running)
        event["Records"][0]["body"] = event["Records"][0]["body"].replace("run-1", "run-0")

        assert self.rescue(stack, event)
        assert status(stack, running) == "RUNNING"

    def test_an_execution_whose_input_its_event_leaves_out_is_found_by_its_name(
        self, stack: Stack, running: str
    ) -> None:
        event = ended(stack, running)
        detail = {"name": stack.run_id, "status": "ABORTED", "inputDetails": {"included": False}}
        event["Records"][0]["body"] = json.dumps({"detail": detail})

        until(lambda: self.rescue(stack, event))

        assert status(stack, running) == "STOPPED"

    def test_a_lease_that_is_taken_after_the_abort_is_waited_for(self, stack: Stack) -> None:
        arn = stack.service.add_model(ModelTruth(**FAST))["modelArn"]
        stack.upload("samples/1.png", picture())
        event = ended(stack, arn)
        body = json.loads(event["Records"][0]["body"])
        body["detail"]["stopDate"] = time.time() * 1000
        event["Records"][0]["body"] = json.dumps(body)

        before = self.rescue(stack, event)
        stack.prepare({"modelArn": arn})
        after = self.rescue(stack, event)

        assert (before, after) == (False, True)
        assert lease_store().get(arn) is None

    def test_an_input_without_a_model_has_nothing_to_settle(self, stack: Stack) -> None:
        assert self.rescue(stack, ended(stack, "no ARN", status="FAILED"))


class TestTheJanitor:
    def clean(self, stack: Stack) -> dict[str, int]:
        return janitor.handler({}, stack.context)

    def test_without_leases_there_is_nothing_to_do(self, stack: Stack) -> None:
        assert self.clean(stack) == {"unsettled": 0}

    def test_a_run_that_goes_on_is_left_alone(self, stack: Stack, execution: Any, running: str) -> None:
        assert self.clean(stack) == {"unsettled": 0}
        assert status(stack, running) == "RUNNING"

    def test_the_model_of_an_ended_execution_is_stopped(self, stack: Stack, execution: Any, running: str) -> None:
        execution.stop_execution(executionArn=stack.execution_arn)

        assert self.clean(stack) == {"unsettled": 0}

        assert status(stack, running) == "STOPPED"
        assert stack.run_item()["receipt"]["settled_by"] == "janitor"

    def test_the_model_of_an_overdue_run_is_stopped_though_its_execution_hangs(
        self, stack: Stack, execution: Any, running: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        later = time.time() + 90 * 60 + 60
        monkeypatch.setattr("lambdas.cleanup.janitor.time.time", lambda: later)

        assert self.clean(stack) == {"unsettled": 0}

        assert status(stack, running) == "STOPPED"

    def test_one_model_that_cannot_be_stopped_keeps_no_other_running(
        self, stack: Stack, execution: Any, running: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stray = Lease("arn:a", "run-0", "arn:b", STARTED_AT, 90, "stop", project_arn="p", owes="stop")
        lease_store().acquire(stray)
        execution.stop_execution(executionArn=stack.execution_arn)

        monkeypatch.setattr("lambdas.cleanup.janitor.MAX_INVOCATION_S", 10.0)
        with pytest.raises(ExceptionGroup, match="could not be cleaned up"):
            self.clean(stack)

        assert status(stack, running) == "STOPPED"


class TestDeletingTheStack:
    @pytest.fixture
    def answers(self) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Where CloudFormation waits: its URL, and the answers it got."""
        got: list[dict[str, Any]] = []

        class CloudFormation(http.server.BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        with http.server.HTTPServer(("127.0.0.1", 0), CloudFormation) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}/", got
            server.shutdown()

    def request(self, url: str, kind: str) -> dict[str, Any]:
        ids = {"StackId": "s", "RequestId": "r", "LogicalResourceId": "Guard"}
        return {"RequestType": kind, "ResponseURL": url, **ids}

    def test_it_aborts_the_run_and_answers_when_the_model_is_stopped(
        self, stack: Stack, execution: Any, running: str, answers: Any
    ) -> None:
        url, got = answers

        stop_on_delete.handler(self.request(url, "Delete"), stack.context)

        assert [answer["Status"] for answer in got] == ["SUCCESS"]
        assert status(stack, running) == "STOPPED"
        described = execution.describe_execution(executionArn=stack.execution_arn)
        assert described["status"] == "ABORTED"

    def test_from_then_on_nobody_takes_a_lease(self, stack: Stack, execution: Any, running: str, answers: Any) -> None:
        stack_is_deleted = self.request(answers[0], "Delete")
        stop_on_delete.handler(stack_is_deleted, stack.context)
        stack.run_id = "run-2"

        with pytest.raises(InternalError, match="the stack is being deleted"):
            stack.prepare({"modelArn": running})

        assert lease_store().get(running) is None

    def test_a_model_that_stays_fails_the_deletion_by_name(
        self, stack: Stack, execution: Any, running: str, answers: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url, got = answers
        monkeypatch.setattr("lambdas.cleanup.deletion.MAX_INVOCATION_S", -1.0)

        stop_on_delete.handler(self.request(url, "Delete"), stack.context)

        (answer,) = got
        assert answer["Status"] == "FAILED"
        assert running in answer["Reason"]

    def test_creating_and_updating_touch_nothing(
        self, stack: Stack, execution: Any, running: str, answers: Any
    ) -> None:
        url, got = answers

        stop_on_delete.handler(self.request(url, "Create"), stack.context)

        assert got[0]["Status"] == "SUCCESS"
        assert status(stack, running) == "RUNNING"


def test_a_slower_look_does_not_go_over_the_final_receipt(stack: Stack, running: str) -> None:
    until(lambda: stack.settle({"modelArn": running}))
    final = stack.run_item()["receipt"]
    older = Receipt(**{**final, "status_after": "STOPPING"})

    run_store(stack.run_id).save_receipt(older, phase="stopping", is_final=False)

    assert stack.run_item()["receipt"] == final
    assert stack.run_item()["phase"] == "stopped"


def test_a_failed_run_keeps_what_it_had_measured(stack: Stack, running: str) -> None:
    stack.probe()

    stack.explain({"Error": "Runtime.HandlerError", "Cause": '{"errorMessage": "ModelLost: gone"}'})

    kept = stack.run_item()["measuredSoFar"]
    assert [step["phase"] for step in kept["steps"]] == ["probe"]
    assert kept["requests"]["sent"] == 1
    assert stack.run_item()["phase"] == "failed"


@pytest.mark.parametrize("units", [None, 1])
def test_a_model_found_running_is_given_back_as_it_was_found(stack: Stack, units: int | None) -> None:
    found = ModelSetup(truth=ModelTruth(**FAST), status="RUNNING", inference_units=2, max_inference_units=3)
    arn = stack.service.add_model(found)["modelArn"]
    stack.upload("samples/1.png", picture())
    raw = {"modelArn": arn, "afterRun": "restore", "test": {"inferenceUnits": units} if units else {}}
    stack.prepare(raw)
    until(stack.start)

    until(lambda: stack.settle(raw))

    report = stack.service.model_report(arn)
    assert (report["status"], report["minInferenceUnits"], report["maxInferenceUnits"]) == ("RUNNING", 2, 3)
    assert bool(report["transitions"]) == bool(units)
    assert stack.run_item()["receipt"]["status_after"] == "RUNNING"
