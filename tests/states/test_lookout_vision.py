"""A model of Lookout for Vision behind the same states: refusals, statuses, client tokens."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from iu_tuner.contract.errors import InvalidInput, ModelNotFound, ModelNotStartable, ModelStartFailed, ServiceEnded
from lambdas.aws.settings import settings
from lambdas.handlers import prepare_batch
from lambdas.models.lookout_vision.control_plane import STATUSES
from lambdas.models.ports import ModelControl
from lambdas.models.registry import detector_of, find_model, usage_of
from lambdas.models.status import STATUSES as CANONICAL
from lambdas.models.status import ModelState
from lambdas.models.usage import Window
from local.simulated_model.account import HOSTING, ModelSetup
from local.simulated_model.model_spec import ModelTruth
from tests.states.conftest import Stack, picture
from tests.states.test_model_moves import FAST, settling, until

ANYBODY = "arn:aws:lookoutvision:us-east-1:000000000000:model/nobody/1"


def model(stack: Stack, status: str = "STOPPED", **truth: Any) -> str:
    setup = ModelSetup(truth=ModelTruth(**{**FAST, **truth}), status=status, service="lookoutvision")
    stack.upload("samples/1.png", picture())
    return stack.service.add_model(setup)["modelArn"]


def prepare_run(stack: Stack, arn: str) -> object:
    return stack.prepare({"modelArn": arn})


def prepare_batch_run(stack: Stack, arn: str) -> object:
    raw = {"task": "process", "modelArn": arn}
    return prepare_batch.handler(
        {"input": raw, "runId": stack.run_id, "executionArn": stack.execution_arn, "startedAt": stack.started_at},
        stack.context,
    )


def calls(stack: Stack, arn: str) -> dict[str, int]:
    return dict(stack.service.model_report(arn)["calls"])


def moves(stack: Stack, arn: str) -> list[str]:
    return [each["to"] for each in stack.service.model_report(arn)["transitions"]]


def became(control: ModelControl, status: str) -> None:
    until(lambda: control.look().status == status)


def test_without_an_endpoint_a_run_ends_at_once_and_touches_nothing(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = model(stack)
    monkeypatch.delenv("AWS_ENDPOINT_URL_LOOKOUTVISION")
    settings.cache_clear()

    with pytest.raises(ServiceEnded, match="ended on 2025-10-31 .* -c lookoutVisionEndpointUrl=<url>; for a live"):
        stack.prepare({"modelArn": arn})

    assert stack.items() == []
    assert calls(stack, arn) == {}


def test_a_function_that_sends_nothing_needs_no_endpoint(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_LOOKOUTVISION")
    settings.cache_clear()
    detector = detector_of(ANYBODY)

    assert detector.request_with_bytes(b"an image").body == b"an image"
    with pytest.raises(ServiceEnded):
        detector.connection()


@pytest.mark.parametrize(
    ("images", "said"),
    [
        ({"source": "s3"}, 'images.source: got "s3"; Lookout for Vision takes "bytes"'),
        ({"compare": True}, "images.compare: got true; Lookout for Vision takes false"),
    ],
)
def test_images_in_s3_are_refused(stack: Stack, images: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        stack.prepare({"modelArn": ANYBODY, "images": images})

    assert refused.value.sentence == said


def test_a_run_ends_with_the_services_own_word_for_a_stopped_model(stack: Stack) -> None:
    arn = model(stack, tps_per_iu=5.0, latency_mean_s=0.05)
    raw = {"modelArn": arn, "test": {"mode": "quick"}}

    stack.prepare(raw)
    until(stack.start)
    stack.probe()
    until(settling(stack, arn))

    receipt = stack.run_item()["receipt"]
    assert (receipt["status_before"], receipt["status_after"]) == ("STOPPED", "STOPPED")
    assert receipt["service_status_after"] == "TRAINED"
    assert moves(stack, arn) == ["STARTING", "RUNNING", "STOPPING", "STOPPED"]
    assert stack.service.model_report(arn)["totals"]["accepted"] == 1


@pytest.mark.parametrize("truth", [{"lost_replies": 2}, {"stop_fails": 1}, {"stop_fails": 5}])
def test_a_model_is_stopped_whatever_becomes_of_calls(stack: Stack, truth: dict[str, Any]) -> None:
    arn = model(stack, **truth)
    stack.prepare({"modelArn": arn})

    until(stack.start)
    until(settling(stack, arn))

    assert moves(stack, arn) == ["STARTING", "RUNNING", "STOPPING", "STOPPED"]


def test_a_start_that_fails_ends_the_run(stack: Stack) -> None:
    arn = model(stack, start_fails=1)
    stack.prepare({"modelArn": arn})

    with pytest.raises(ModelStartFailed, match="the model was started and is now FAILED"):
        until(stack.start)

    assert stack.settle({"modelArn": arn}, failed=True)


def test_a_lost_start_is_repeated_with_its_token_and_starts_once(stack: Stack) -> None:
    arn = model(stack, lost_replies=1, start_s=30.0)

    find_model(arn).start(1, token="lost")

    assert calls(stack, arn) == {"StartModel": 2}
    assert moves(stack, arn) == ["STARTING"]


def test_a_second_start_of_a_run_really_starts(stack: Stack) -> None:
    arn = model(stack, "RUNNING")
    stack.prepare({"modelArn": arn, "test": {"inferenceUnits": 2}, "afterRun": "restore"})

    until(stack.start)
    until(settling(stack, arn))

    once = ["STOPPING", "STOPPED", "STARTING", "RUNNING"]
    assert moves(stack, arn) == once * 2
    assert stack.service.model_report(arn)["minInferenceUnits"] == 1


@pytest.mark.parametrize("prepare", [prepare_run, prepare_batch_run])
def test_two_runs_within_eight_hours_both_start(stack: Stack, prepare: Callable[[Stack, str], object]) -> None:
    arn = model(stack)

    for run_id in ("run-1", "run-2"):
        stack.run_id = run_id
        prepare(stack, arn)
        until(stack.start)
        until(settling(stack, arn))

    assert moves(stack, arn) == ["STARTING", "RUNNING", "STOPPING", "STOPPED"] * 2
    assert calls(stack, arn)["StartModel"] == 2


def test_a_token_that_was_used_starts_nothing_and_another_one_does(stack: Stack) -> None:
    control = find_model(model(stack))

    control.start(1, token="used")
    became(control, "RUNNING")
    control.stop(token="stop")
    became(control, "STOPPED")
    control.start(1, token="used")
    unchanged = control.look()
    control.start(1, token="new")

    assert (unchanged.status, unchanged.service_status) == ("STOPPED", "TRAINED")
    became(control, "RUNNING")


def test_refusals_end_a_start_for_good_or_not(stack: Stack) -> None:
    failed = ModelState("FAILED", "no capacity.")
    control, dead = find_model(model(stack, "RUNNING")), find_model(model(stack, "FAILED", failed_for_good=True))

    control.start(1, token="conflict")
    with pytest.raises(ModelStartFailed, match=r"Lookout for Vision refused to start .*ServiceQuotaExceededException"):
        find_model(model(stack)).start(100, token="quota")
    with pytest.raises(ModelNotStartable, match=r"FAILED \(no capacity\), and Lookout for Vision refused"):
        dead.start(1, token="dead", failed=failed)
    with pytest.raises(ModelNotFound, match="Lookout for Vision does not know it"):
        find_model(ANYBODY).look()


def test_every_status_of_the_service_has_a_known_meaning() -> None:
    assert {STATUSES[said] for said in HOSTING.values()} <= CANONICAL
    assert {"TRAINING_FAILED", "DELETING"} <= CANONICAL


def test_cloudwatch_counts_by_model(stack: Stack) -> None:
    usage = usage_of(ANYBODY)

    assert usage.recent_requests(time.time()).requests == 0
    assert usage.past_requests(Window.before(time.time(), 3)).of_model
