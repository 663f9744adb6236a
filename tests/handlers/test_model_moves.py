"""StartModel and StopModel: one look and one move each, whatever the service does."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from lambdas.adapters.run_store import run_store
from lambdas.capacity.errors import BudgetExceeded, ModelLost, ModelNotFound, ModelStartFailed
from local.simulated_model.account import ModelSetup
from local.simulated_model.truth import ModelTruth
from tests.handlers.conftest import Stack, picture

FAST = {"start_s": 0.3, "stop_s": 0.3}


def prepared(stack: Stack, model: ModelTruth | ModelSetup, **more: object) -> str:
    arn = stack.service.add_model(model)["modelArn"]
    stack.upload("samples/1.png", picture())
    stack.prepare({"modelArn": arn, **more})
    return arn


def until(move: Callable[[], bool], looks: int = 40) -> int:
    for look in range(1, looks + 1):
        if move():
            return look
        time.sleep(0.1)
    raise AssertionError(f"not there after {looks} looks")


def status(stack: Stack, arn: str) -> str:
    return str(stack.service.model_report(arn)["status"])


@pytest.mark.parametrize("before", ["STOPPED", "TRAINING_COMPLETED", "STARTING", "STOPPING", "RUNNING"])
def test_from_every_usable_status_to_running_and_to_stopped(stack: Stack, before: str) -> None:
    arn = prepared(stack, ModelSetup(truth=ModelTruth(**FAST), status=before))

    until(stack.start)
    running = status(stack, arn)
    until(stack.stop)

    assert (running, status(stack, arn)) == ("RUNNING", "STOPPED")


def test_it_is_started_with_the_wanted_units_and_without_auto_scaling(stack: Stack) -> None:
    arn = prepared(stack, ModelTruth(**FAST), test={"inferenceUnits": 2})

    until(stack.start)

    report = stack.service.model_report(arn)
    assert (report["minInferenceUnits"], report["maxInferenceUnits"]) == (2, None)


def test_a_model_that_somebody_else_starts_is_measured_with_the_units_it_got(stack: Stack) -> None:
    prepared(stack, ModelSetup(truth=ModelTruth(**FAST), status="STARTING", inference_units=3))

    until(stack.start)

    run, _ = run_store(stack.run_id).known()
    assert run.inference_units == 3


def test_lost_replies_to_start_and_stop_end_in_another_look(stack: Stack) -> None:
    arn = prepared(stack, ModelTruth(lost_replies=3, **FAST))

    until(stack.start)
    until(stack.stop)

    assert status(stack, arn) == "STOPPED"


def test_a_stop_that_fails_twice_is_asked_for_again(stack: Stack) -> None:
    arn = prepared(stack, ModelTruth(stop_fails=8, **FAST))
    until(stack.start)

    until(stack.stop)

    assert status(stack, arn) == "STOPPED"


def test_a_failed_start_is_told_with_its_message(stack: Stack) -> None:
    prepared(stack, ModelTruth(start_fails=1, **FAST))

    with pytest.raises(ModelStartFailed, match="the model was started and is now FAILED"):
        until(stack.start)

    assert stack.stop()


def test_a_start_that_hangs_ends_with_the_budget(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(stack, ModelTruth(start_hangs=1, **FAST))
    assert stack.start() is False
    monkeypatch.setattr("lambdas.handlers.start_model.time.time", lambda: 4e9)

    with pytest.raises(BudgetExceeded, match=r"limits.maxMinutes = 90"):
        stack.start()


def test_a_model_that_left_running_is_lost(stack: Stack) -> None:
    arn = prepared(stack, ModelTruth(lost_after_s=0.2, **FAST))
    until(stack.start)
    until(lambda: status(stack, arn) != "RUNNING")

    with pytest.raises(ModelLost, match="the model went from RUNNING to STOP"):
        stack.plan()


def test_a_model_deleted_under_test_is_nothing_to_stop(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(stack, ModelTruth(**FAST))

    def gone(_: object) -> None:
        raise ModelNotFound("it is gone")

    monkeypatch.setattr("lambdas.adapters.rekognition.RekognitionModel.look", gone)

    assert stack.stop()


class TestStopWithoutAPreparedRun:
    """The first state failed: nothing is known but the raw input."""

    @pytest.fixture
    def running(self, stack: Stack) -> str:
        return stack.service.add_model(
            ModelSetup(truth=ModelTruth(**FAST), status="RUNNING", inference_units=1)
        )["modelArn"]

    def test_by_default_the_model_is_stopped_whoever_started_it(self, stack: Stack, running: str) -> None:
        until(lambda: stack.stop({"modelArn": running, "unknown": 1}))

        assert status(stack, running) == "STOPPED"

    def test_an_input_that_asks_to_leave_it_running_is_heeded(self, stack: Stack, running: str) -> None:
        assert stack.stop({"modelArn": running, "afterRun": "restore"})

        assert status(stack, running) == "RUNNING"

    @pytest.mark.parametrize("raw", [None, [], "text", {}, {"modelArn": 5}, {"modelArn": "arn:aws:nothing"}])
    def test_without_a_model_there_is_nothing_to_stop(self, stack: Stack, raw: object) -> None:
        assert stack.stop(raw)

    def test_a_model_that_does_not_exist_is_nothing_to_stop(self, stack: Stack, running: str) -> None:
        assert stack.stop({"modelArn": running.replace("project/", "project/no-such-")})
