"""StartModel and ReleaseModel: one look and one move each, whatever the service does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from iu_tuner.contract.errors import BudgetExceeded, ModelLost, ModelNotFound, ModelNotStartable, ModelStartFailed
from lambdas.models.lease_store import lease_store
from lambdas.models.rekognition.control_plane import rekognition_client
from lambdas.runs.store import run_store
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from tests.states.conftest import Stack, picture

FAST: dict[str, Any] = {"start_s": 0.3, "stop_s": 0.3}


def prepared(stack: Stack, model: ModelTruth | ModelSetup, **more: object) -> str:
    arn = stack.service.add_model(model)["modelArn"]
    stack.upload("samples/1.png", picture())
    stack.prepare({"modelArn": arn, **more})
    return arn


def settling(stack: Stack, arn: str) -> Callable[[], bool]:
    return lambda: stack.settle({"modelArn": arn})


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
    until(settling(stack, arn))

    assert (running, status(stack, arn)) == ("RUNNING", "STOPPED")


def test_it_is_started_with_the_wanted_units_and_without_auto_scaling(stack: Stack) -> None:
    arn = prepared(stack, ModelTruth(**FAST), test={"inferenceUnits": 2})

    until(stack.start)

    report = stack.service.model_report(arn)
    assert (report["minInferenceUnits"], report["maxInferenceUnits"]) == (2, None)


def test_a_model_that_somebody_else_starts_is_measured_with_the_units_it_got(stack: Stack) -> None:
    prepared(stack, ModelSetup(truth=ModelTruth(**FAST), status="STARTING", inference_units=3))

    until(stack.start)

    run, _ = run_store(stack.run_id).load()
    assert run.inference_units == 3


def test_lost_replies_to_start_and_stop_end_in_another_look(stack: Stack) -> None:
    arn = prepared(stack, ModelTruth(lost_replies=3, **FAST))

    until(stack.start)
    until(settling(stack, arn))

    assert status(stack, arn) == "STOPPED"


def test_a_stop_that_fails_twice_is_asked_for_again(stack: Stack) -> None:
    arn = prepared(stack, ModelTruth(stop_fails=8, **FAST))
    until(stack.start)

    until(settling(stack, arn))

    assert status(stack, arn) == "STOPPED"


def test_a_model_found_failed_is_started_if_it_can_be(stack: Stack) -> None:
    arn = prepared(stack, ModelSetup(truth=ModelTruth(**FAST), status="FAILED"))

    until(stack.start)
    running = status(stack, arn)
    until(settling(stack, arn))

    assert (running, status(stack, arn)) == ("RUNNING", "STOPPED")


def test_a_model_found_failed_that_can_t_be_started_ends_the_run_in_the_service_s_words(stack: Stack) -> None:
    arn = prepared(stack, ModelSetup(truth=ModelTruth(failed_for_good=True, **FAST), status="FAILED"))

    with pytest.raises(ModelNotStartable) as refused:
        until(stack.start)

    assert "the model is FAILED (The model could not be deployed)" in refused.value.sentence
    assert "The model can't be started in status FAILED (InvalidParameterException)" in refused.value.sentence
    lease = lease_store().get(arn)
    assert lease is not None
    assert (lease.owes, lease.start_asked_at is None) == ("stop", False)


def test_a_model_found_failed_gets_one_attempt(stack: Stack) -> None:
    arn = prepared(stack, ModelSetup(truth=ModelTruth(start_fails=1, **FAST), status="FAILED"))

    with pytest.raises(ModelStartFailed, match="was started and is now FAILED"):
        until(stack.start)

    assert stack.service.model_report(arn)["calls"]["StartProjectVersion"] == 1


def test_a_failed_start_is_told_with_its_message(stack: Stack) -> None:
    arn = prepared(stack, ModelTruth(start_fails=1, **FAST))

    with pytest.raises(ModelStartFailed, match="the model was started and is now FAILED"):
        until(stack.start)

    assert stack.settle({"modelArn": arn})


def test_a_start_that_hangs_ends_with_the_budget(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(stack, ModelTruth(start_hangs=1, **FAST))
    assert stack.start() is False
    monkeypatch.setattr("lambdas.tuning.start.time.time", lambda: 4e9)

    with pytest.raises(BudgetExceeded, match=r"limits.maxMinutes = 90"):
        stack.start()


def test_a_model_that_left_running_is_lost(stack: Stack) -> None:
    arn = prepared(stack, ModelTruth(**FAST))
    until(stack.start)
    rekognition_client().stop_project_version(ProjectVersionArn=arn)

    with pytest.raises(ModelLost, match="the model went from RUNNING to STOP"):
        stack.plan()


def test_a_model_deleted_under_test_is_nothing_to_stop(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = prepared(stack, ModelTruth(**FAST))

    def gone(_: object) -> None:
        raise ModelNotFound("it is gone")

    monkeypatch.setattr("lambdas.models.rekognition.control_plane.RekognitionModel.look", gone)

    assert stack.settle({"modelArn": arn})
    assert stack.run_item()["receipt"]["status_after"] == "DELETED"


def test_units_that_the_input_names_are_what_a_running_model_is_restarted_with(stack: Stack) -> None:
    found = ModelSetup(truth=ModelTruth(**FAST), status="RUNNING", inference_units=3)
    arn = prepared(stack, found, test={"inferenceUnits": 1})

    until(stack.start)

    moves = [transition["to"] for transition in stack.service.model_report(arn)["transitions"]]
    assert moves == ["STOPPING", "STOPPED", "STARTING", "RUNNING"]
    assert stack.service.model_report(arn)["minInferenceUnits"] == 1


def test_between_two_steps_the_money_is_counted(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(stack, ModelTruth(**FAST), limits={"maxCostUsd": 0.34})
    until(stack.start)
    ten_minutes_later = time.time() + 600
    monkeypatch.setattr("lambdas.tuning.next_step.time.time", lambda: ten_minutes_later)

    with pytest.raises(BudgetExceeded, match=r"the model has cost \$0.67 in this run, more than limits.maxCostUsd"):
        stack.plan()
