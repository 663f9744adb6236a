"""ProbeImages and ApplyLoad: what goes over the wire is what is booked, by name."""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from iu_tuner.contract.errors import InternalError, ModelLost, NoUsableImages
from lambdas.models.rekognition.control_plane import rekognition_client
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from tests.states.conftest import Stack, picture
from tests.waiting import wait_until

SUDDEN: dict[str, Any] = {"account_error": "SuddenIncrease"}
MIN_SIZE_RATIO: dict[str, Any] = {"account_error": "ProvisionedThroughputExceededException"}


def running(stack: Stack, truth: ModelTruth, **raw: Any) -> str:
    arn: str = stack.service.add_model(ModelSetup(truth=truth, status="RUNNING", inference_units=1))["modelArn"]
    for index in range(4):
        stack.upload(f"samples/{index}.png", picture(100 + index))
    stack.prepare({"modelArn": arn, **raw})
    assert stack.start()
    return arn


def stop(arn: str) -> None:
    """As somebody else would."""
    rekognition_client().stop_project_version(ProjectVersionArn=arn)


def short_step(**values: Any) -> dict[str, Any]:
    plan = {"number": 1, "phase": "ramp", "lanes": 8, "workers": 1, "paced_tps": 0.0, "paced_s": 0.0}
    seconds = {"base_s": 2.0, "extended_s": 2.0, "max_s": 2.0, "wait_s": 0.0, "startAt": time.time() + 1.0}
    return {**plan, **seconds, **values}


def counts(stack: Stack) -> Counter[str]:
    booked: Counter[str] = Counter()
    for item in stack.items():
        if "#WORKER#" in item["sk"]["S"]:
            booked.update({name: int(item[name]["N"]) for name in ("accepted", "throttled", "failed")})
            booked.update(json.loads(item["counts"]["S"])["failures"])
    return booked


def test_what_the_worker_books_is_what_the_model_saw(stack: Stack) -> None:
    # Slow enough to throttle a client that has hardly any time, too.
    truth = ModelTruth(tps_per_iu=3, burst_s=0.1, latency_mean_s=0.05, random_500_share=0.3, reset_share=0.3)
    arn = running(stack, truth)

    stack.apply(short_step())

    booked, seen = counts(stack), stack.service.model_report(arn)["totals"]
    assert booked["accepted"] == seen["accepted"] > 0
    assert booked["throttled"] == seen["throttled"] > 0
    assert booked["failed"] == seen["sent"] - seen["accepted"] - seen["throttled"]
    assert booked["InternalServerError"] > 0
    assert booked["ConnectionError"] > 0
    assert stack.service.model_report(arn)["repeatedAttempts"] == 0


def test_a_paced_step_keeps_its_rate(stack: Stack) -> None:
    arn = running(stack, ModelTruth(tps_per_iu=1000, latency_mean_s=0.05))

    stack.apply(
        short_step(phase="confirm", lanes=2, max_s=0.5, base_s=0.5, extended_s=0.5, paced_tps=40.0, paced_s=2.0)
    )

    (item,) = [item for item in stack.items() if "#WORKER#" in item["sk"]["S"]]
    latencies = sum(json.loads(item["counts"]["S"])["latency"].values())
    # Of 80 those of its first second are not judged, nor those whose time came after the end on a machine that slept.
    assert 20 < latencies <= 40
    assert stack.service.model_report(arn)["totals"]["sent"] == int(item["accepted"]["N"]) > latencies


def test_a_worker_that_runs_twice_counts_once(stack: Stack) -> None:
    running(stack, ModelTruth(tps_per_iu=1000, latency_mean_s=0.05))
    stack.apply(short_step())
    first = [item["sk"]["S"] for item in stack.items()]

    stack.apply(short_step())

    assert [item["sk"]["S"] for item in stack.items()] == first


@pytest.mark.parametrize(
    ("truth", "name", "counted_as"),
    [
        ({"tps_per_iu": 1, "burst_s": 1}, "throttled", "throttled"),
        ({"tps_per_iu": 500, "account_tps": 2}, "ThrottlingException", "failed"),
        ({"tps_per_iu": 500, "account_tps": 2, **SUDDEN}, "SuddenIncreaseThrottled", "failed"),
        ({"tps_per_iu": 500, "account_tps": 2, **MIN_SIZE_RATIO}, "throttled", "throttled"),
        ({"tps_per_iu": 500, "s3_throttle_share": 1.0}, "S3DownloadLimitExceeded", "failed"),
    ],
)
def test_limits_are_told_apart(stack: Stack, truth: dict[str, Any], name: str, counted_as: str) -> None:
    source = "s3" if "s3_throttle_share" in truth else "bytes"
    running(stack, ModelTruth(latency_mean_s=0.02, **truth), images={"source": source})

    stack.apply(short_step())

    assert counts(stack)[name] == counts(stack)[counted_as] > 0


def test_images_that_the_model_refuses_are_dropped_and_listed(stack: Stack) -> None:
    running(stack, ModelTruth(tps_per_iu=1000))
    stack.upload("samples/9-truncated.png", picture()[:60])
    stack.upload("samples/0.png", picture(32))
    stack.run_id = "run-2"
    arn = running(stack, ModelTruth(tps_per_iu=1000))
    stack.upload("samples/0.png", b"\x89PNG\r\n\x1a\nbroken")

    stack.probe()

    (step,) = [item for item in stack.items() if item["sk"]["S"] == "STEP#00#WORKER#0000"]
    (run,) = [item for item in stack.items() if item["pk"]["S"] == "RUN#run-2" and item["sk"]["S"] == "RUN"]
    assert "InvalidImageFormatException" in run["progress"]["S"]
    assert stack.service.model_report(arn)["totals"]["sent"] == 5
    assert int(step["failed"]["N"]) >= 1


def test_without_an_image_that_the_model_takes_the_run_ends(stack: Stack) -> None:
    running(stack, ModelTruth(tps_per_iu=1000))
    for index in range(4):
        stack.upload(f"samples/{index}.png", b"\x89PNG\r\n\x1a\nbroken")

    with pytest.raises(NoUsableImages, match="the model refused all 4 images .*InvalidImageFormatException"):
        stack.probe()


def test_a_model_that_runs_and_answers_no_probe_ends_the_run(stack: Stack) -> None:
    running(stack, ModelTruth(tps_per_iu=1000, random_500_share=1.0))

    with pytest.raises(
        InternalError,
        match="answered none of 4 requests .InternalServerError x 4: Internal server error. although it is",
    ):
        stack.probe()


def test_a_model_that_went_away_before_the_probe_is_lost(stack: Stack) -> None:
    stop(running(stack, ModelTruth(tps_per_iu=1000)))

    with pytest.raises(ModelLost, match="ResourceNotReadyException x 4"):
        stack.probe()


def test_a_worker_stops_asking_a_model_that_went_away(stack: Stack) -> None:
    arn = running(stack, ModelTruth(tps_per_iu=1000, latency_mean_s=0.02))
    step = short_step(phase="confirm", lanes=2, max_s=0.3, base_s=0.3, extended_s=0.3, paced_tps=100.0, paced_s=10.0)

    def stop_under_load() -> None:
        wait_until("load", lambda: stack.service.model_report(arn)["totals"]["accepted"] > 10)
        stop(arn)

    with ThreadPoolExecutor(1) as somebody:
        stopped = somebody.submit(stop_under_load)
        stack.apply(step)
        stopped.result()

    assert 0 < counts(stack)["ResourceNotReadyException"] <= 8
    assert stack.service.model_report(arn)["status"] != "RUNNING"


def test_images_that_the_model_can_t_read_are_not_blamed(stack: Stack) -> None:
    running(stack, ModelTruth(tps_per_iu=1000), images={"source": "s3"})  # it has no S3 to read from here

    with pytest.raises(NoUsableImages) as refused:
        stack.probe()

    assert "Unable to get object metadata from S3" in refused.value.sentence
    assert "give images.source bytes" in refused.value.sentence
    assert "upload" not in refused.value.sentence


def test_images_can_be_named_in_s3(stack: Stack) -> None:
    arn = running(stack, ModelTruth(tps_per_iu=1000), images={"source": "s3"})

    stack.apply(short_step())

    # The simulated model has no S3 to read from here: what it refuses shows that it was asked by name.
    assert set(stack.service.model_report(arn)["totals"]["failures"]) <= {"InvalidS3ObjectException"}
