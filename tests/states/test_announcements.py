"""A run that is over is told of once, by metrics, event and message; and none of them changes how it ends."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from iu_tuner.contract.output.json_values import from_json
from iu_tuner.contract.output.live_run import CleanupTrigger, Receipt
from iu_tuner.contract.output.result import Output
from lambdas.aws.settings import settings
from lambdas.cleanup.cleanup import clean_up_ended
from lambdas.handlers import janitor
from lambdas.handlers import release_orphaned_model as release_orphaned_model
from lambdas.load.measured_step import MeasuredStep
from lambdas.models.lease import Lease
from lambdas.models.lease_store import lease_store
from lambdas.reports import notifications as announcements
from lambdas.runs.run import Run
from lambdas.runs.store import run_store
from simulation.samples.report import KINDS, played
from simulation.samples.run import INPUT, sample_output
from tests.states.conftest import STARTED_AT, TOPIC, Stack

ARN = INPUT["modelArn"]
LOST = {"Error": "Runtime.HandlerError", "Cause": '{"errorMessage": "ModelLost: it went away"}'}
STAYS = {"Error": "ModelStopFailed", "Cause": '{"errorMessage": "ModelStopFailed: it does not stop"}'}
STOPPED = Receipt("finally", time.time(), "STOPPED", "STOPPED", time.time() - 95, time.time(), 0.0264, 0.1056)


@dataclass
class Heard:
    """What came of the run: at the topic, on the event bus, in the log."""

    sqs: Any
    urls: dict[str, str]
    capsys: pytest.CaptureFixture[str]

    def messages(self) -> list[dict[str, Any]]:
        return self._received("topic")

    def events(self) -> list[dict[str, Any]]:
        return self._received("bus")

    def _received(self, queue: str) -> list[dict[str, Any]]:
        got = self.sqs.receive_message(QueueUrl=self.urls[queue], MaxNumberOfMessages=10)
        return [json.loads(each["Body"]) for each in got.get("Messages", [])]

    def metrics(self) -> dict[str, float]:
        """Name and dimensions but the service -> value."""
        found: dict[str, float] = {}
        for line in self.capsys.readouterr().out.splitlines():
            if '"_aws"' in line:
                emf = json.loads(line)
                (directive,) = emf["_aws"]["CloudWatchMetrics"]
                (dimensions,) = directive["Dimensions"]
                assert (directive["Namespace"], emf["service"]) == ("InferenceUnitTuner", "inference-unit-tuner")
                of = "/".join(emf[each] for each in dimensions if each != "service")
                found |= {f"{m['Name']} {of}".strip(): emf[m["Name"]][0] for m in directive["Metrics"]}
        return found


@pytest.fixture
def heard(stack: Stack, capsys: pytest.CaptureFixture[str]) -> Heard:
    sqs, rules = boto3.client("sqs"), boto3.client("events")
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("topic", "bus")}
    arn = "arn:aws:sqs:us-east-1:123456789012:"
    boto3.client("sns").subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=f"{arn}topic")
    rules.put_rule(Name="all", EventPattern=json.dumps({"source": ["inference-unit-tuner"]}))
    rules.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": f"{arn}bus"}])
    return Heard(sqs, urls, capsys)


@pytest.fixture
def finished(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, Any]]:
    """Publish for a run whose output is the sample's."""
    run, steps, _ = played(KINDS[0])
    began = datetime.fromtimestamp(time.time() - 600, UTC).isoformat()
    store = StoreOfOneRun(replace(run, run_id=stack.run_id, model_arn=ARN, started_at=began), steps)
    answer = from_json(Output, sample_output() | {"runId": stack.run_id})
    monkeypatch.setattr("lambdas.tuning.publish.output", lambda *_, **__: answer)
    monkeypatch.setattr("lambdas.tuning.publish.run_store", lambda _: store)
    return stack.publish


@dataclass(frozen=True)
class StoreOfOneRun:
    """What Publish asks of the runs table."""

    run: Run
    measured: Sequence[MeasuredStep]

    def load(self) -> tuple[Run, None]:
        return self.run, None

    def steps(self) -> Sequence[MeasuredStep]:
        return self.measured

    def load_measurement(self) -> dict[str, Any]:
        return {}

    def receipt(self) -> None: ...

    def publish_output(self, *_: Any) -> None: ...


def broken(stack: Stack, monkeypatch: pytest.MonkeyPatch, service: str, fails: str) -> None:
    """From now on every call of this operation is refused."""
    client = announcements._fast_fail_client(service)

    def refuse(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, fails)

    monkeypatch.setattr(client, fails, refuse)


def given(receipt: Receipt) -> None:
    run_store("run-1").save_receipt(receipt, phase="stopped", is_final=True)


class TestAFinishedRun:
    def test_message_event_and_metrics_tell_the_answer(self, finished: Any, heard: Heard) -> None:
        answer = finished()

        (event,), (message,) = heard.events(), heard.messages()
        assert (event["source"], event["detail-type"]) == ("inference-unit-tuner", "Run Finished")
        assert (event["detail"], event["resources"]) == (answer, [ARN])
        assert message["Subject"].startswith("Inference Unit Tuner: ok, 5.00 TPS per inference unit: bees/")
        assert message["Message"].startswith("Start this model with 2 to 3 inference units")
        assert message["MessageAttributes"]["detailType"]["Value"] == "Run Finished"
        metrics, model = heard.metrics(), "bees/bees.2021-03-11T15.23.39"
        assert metrics.pop(f"RunDurationSeconds {model}") == pytest.approx(600, abs=60)
        assert metrics == {
            f"MaxTps {model}": 5.0,
            f"TpsPerInferenceUnit {model}": 5.0,
            f"RecommendedMinInferenceUnits {model}": 2,
            f"RecommendedMaxInferenceUnits {model}": 3,
            f"RunCostUsd {model}": 0.1056,
            f"Verdict {model}/ok": 1,
            "Regression": 0,
        }

    def test_a_lambda_that_is_asked_twice_tells_once(self, finished: Any, heard: Heard) -> None:
        finished()
        finished()

        assert (len(heard.events()), len(heard.messages())) == (1, 1)

    @pytest.mark.parametrize(("service", "fails"), [("events", "put_events"), ("sns", "publish")])
    def test_what_cannot_be_told_harms_neither_the_run_nor_the_rest_and_is_seen(
        self,
        stack: Stack,
        finished: Any,
        heard: Heard,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        service: str,
        fails: str,
    ) -> None:
        broken(stack, monkeypatch, service, fails)

        answer = finished()

        assert answer["verdict"] == "ok"
        assert (len(heard.events()), len(heard.messages())) == ((0, 1) if service == "events" else (1, 0))
        (error,) = (each for each in caplog.records if each.levelname == "ERROR")
        assert "AccessDeniedException" in str(error.exc_info)
        assert heard.metrics()["NotificationsFailed"] == 1

    def test_an_entry_that_the_bus_refuses_is_seen(
        self, finished: Any, heard: Heard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}
        monkeypatch.setattr(announcements._fast_fail_client("events"), "put_events", lambda **_: refused)

        finished()

        assert heard.metrics()["NotificationsFailed"] == 1

    def test_metrics_that_cannot_be_written_harm_nobody(
        self, finished: Any, heard: Heard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lambdas.reports.metrics.EphemeralMetrics", None)

        assert finished()["verdict"] == "ok"
        assert (len(heard.events()), len(heard.messages())) == (1, 1)


class TestAFailedRun:
    def test_message_event_and_metrics_tell_error_cause_and_receipt(self, stack: Stack, heard: Heard) -> None:
        given(STOPPED)

        stack.explain(LOST, {"modelArn": ARN})

        (event,), (message,) = heard.events(), heard.messages()
        assert event["detail-type"] == "Run Failed"
        detail = event["detail"]
        assert (detail["error"], detail["cause"]) == ("ModelLost", "it went away")
        assert (detail["runId"], detail["modelArn"]) == ("run-1", ARN)
        assert detail["model"]["statusAfter"] == "STOPPED"
        assert message["Subject"].startswith("Inference Unit Tuner: FAILED with ModelLost: bees/")
        assert "it went away" in message["Message"] and "The model is stopped" in message["Message"]
        model = "bees/bees.2021-03-11T15.23.39"
        assert heard.metrics() == {"FailedRuns ModelLost": 1, f"RunCostUsd {model}": 0.1056}

    def test_one_that_touched_no_model_says_so(self, stack: Stack, heard: Heard) -> None:
        stack.explain(LOST, ["no", "object"])

        assert heard.events()[0]["detail"]["model"] is None
        assert "neither started nor stopped it" in heard.messages()[0]["Message"]

    def test_a_topic_that_refuses_hides_no_failure(
        self, stack: Stack, heard: Heard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        broken(stack, monkeypatch, "sns", "publish")
        broken(stack, monkeypatch, "events", "put_events")

        assert stack.explain(LOST, {"modelArn": ARN}) == {"error": "ModelLost", "cause": "it went away"}
        assert heard.metrics()["NotificationsFailed"] == 1

    def test_without_the_table_it_is_told_that_the_receipt_is_not_known(
        self, stack: Stack, heard: Heard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RUNS_TABLE", "none")
        settings.cache_clear()

        stack.explain(LOST, {"modelArn": ARN})

        assert "could not be read" in heard.messages()[0]["Message"]

    def test_a_model_that_was_not_seen_stopped_is_told_of_again_when_it_is(
        self, stack: Stack, heard: Heard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given(replace(STOPPED, status_after="STOPPING"))
        stack.explain(STAYS, {"modelArn": ARN})
        (first,) = heard.messages()

        ended_outside(monkeypatch, "FAILED", by="rule")
        ended_outside(monkeypatch, "FAILED", by="janitor")

        (second,) = heard.messages()
        assert "NOT seen stopped" in first["Message"]
        assert "model settled after a failed run" in second["Subject"]
        assert [event["detail-type"] for event in heard.events()] == ["Run Failed", "Model Settled"]


class TestARunThatWasEndedFromOutside:
    @pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
    def test_whichever_layer_settles_its_model_it_is_told_once(
        self, stack: Stack, heard: Heard, monkeypatch: pytest.MonkeyPatch, status: str
    ) -> None:
        ended_outside(monkeypatch, status, by="rule")
        ended_outside(monkeypatch, status, by="janitor")
        release_orphaned_model.handler(ended(stack, status), stack.context)

        (event,), (message,) = heard.events(), heard.messages()
        assert (event["detail-type"], event["detail"]["error"]) == ("Run Failed", status)
        assert "The model is stopped" in message["Message"]
        assert heard.metrics()[f"FailedRuns {status}"] == 1

    def test_one_that_had_no_model_to_settle_is_told_of_too(self, stack: Stack, heard: Heard) -> None:
        release_orphaned_model.handler(ended(stack, "ABORTED"), stack.context)

        assert heard.events()[0]["detail"]["error"] == "ABORTED"
        assert "neither started nor stopped it" in heard.messages()[0]["Message"]

    def test_a_failure_that_a_state_has_told_is_not_told_again(self, stack: Stack, heard: Heard) -> None:
        stack.explain(LOST, {"modelArn": ARN})

        release_orphaned_model.handler(ended(stack, "FAILED"), stack.context)

        assert (len(heard.events()), len(heard.messages())) == (1, 1)


def ended(stack: Stack, status: str) -> dict[str, Any]:
    detail = {"name": stack.run_id, "status": status, "input": json.dumps({"modelArn": ARN})}
    return {"Records": [{"messageId": "m", "receiptHandle": "h", "body": json.dumps({"detail": detail})}]}


def ended_outside(monkeypatch: pytest.MonkeyPatch, status: str, *, by: CleanupTrigger) -> None:
    """A layer of the safety net has just seen the model stopped."""

    def seen_stopped(lease: Lease, *, by: CleanupTrigger) -> bool:
        given(replace(STOPPED, settled_by=by))
        return True

    monkeypatch.setattr("lambdas.cleanup.cleanup.reconcile", seen_stopped)
    lease = Lease(ARN, "run-1", "", STARTED_AT, 90, "stop")
    assert clean_up_ended(lease, status, by=by)


def test_a_run_that_finds_the_model_taken_is_counted_and_not_told(stack: Stack, heard: Heard) -> None:
    lease_store().acquire(Lease(ARN, "run-0", "", STARTED_AT, 90, "stop"))

    assert stack.prepare({"modelArn": ARN})["holds"] is False

    assert heard.metrics() == {"Verdict bees/bees.2021-03-11T15.23.39/skipped": 1}
    assert heard.events() == heard.messages() == []


@pytest.mark.parametrize(("minutes_over", "overdue"), [(-5, {}), (5, {}), (20, {"OverdueLeases": 1})])
def test_the_janitor_counts_leases_that_are_long_overdue(
    stack: Stack, heard: Heard, monkeypatch: pytest.MonkeyPatch, minutes_over: int, overdue: dict[str, int]
) -> None:
    lease_store().acquire(Lease(ARN, "run-0", "", STARTED_AT, 90, "stop"))
    later = datetime.fromisoformat(STARTED_AT).timestamp() + 60 * (90 + minutes_over)
    monkeypatch.setattr("lambdas.cleanup.janitor.time.time", lambda: later)
    monkeypatch.setattr("lambdas.cleanup.janitor._clean_up", lambda _: True)

    janitor.handler({}, stack.context)

    assert heard.metrics() == overdue
