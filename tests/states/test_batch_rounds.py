"""The states of a batch after the lease: what is listed, quoted and measured, and how many units count."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest

from iu_tuner.contract.errors import AccessDenied, BudgetExceeded, DeadlineImpossible
from lambdas.aws.errors import ClientError
from lambdas.batch.machine.run import batch_store
from lambdas.handlers import find_current, list_images, plan_round, process_images, quote_batch, start_model
from lambdas.models.lease_store import lease_store
from lambdas.processing.pace_store import pace_store
from lambdas.processing.result_store import ResultStore
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from tests.states.conftest import Stack, picture
from tests.states.test_batch_prepare import prepare
from tests.waiting import wait_until

IMAGES, TPS = 40, 20.0


def model(stack: Stack, **more: Any) -> str:
    truth = ModelTruth(tps_per_iu=TPS, latency_mean_s=0.02)
    setup = ModelSetup(truth=truth, status="RUNNING", inference_units=1, **more)
    return str(stack.service.add_model(setup)["modelArn"])


def listed(stack: Stack, arn: str, run_id: str = "run-1", **raw: Any) -> None:
    for number in range(IMAGES):
        stack.upload(f"incoming/{number:02}.png", picture() + bytes([number]))
    prepare(stack, arn, run_id, afterRun="restore", **raw)
    event = {"runId": run_id}
    assert list_images.handler({**event, "listing": None}, stack.context)["listed"]
    assert find_current.handler(event, stack.context)["looked"]


def planned(stack: Stack) -> dict[str, Any]:
    return plan_round.handler({"runId": "run-1"}, stack.context)


def quoted(stack: Stack) -> bool:
    return bool(quote_batch.handler({"runId": "run-1"}, stack.context)["start"])


def started(stack: Stack, arn: str, **raw: Any) -> None:
    listed(stack, arn, **raw)
    assert quoted(stack)
    assert start_model.handler({"runId": "run-1"}, stack.context)["running"]


def in_service(arn: str, units: float) -> None:
    project, version = arn.split("/")[1], arn.split("/")[3]
    dimensions = [{"Name": "ProjectName", "Value": project}, {"Name": "VersionName", "Value": version}]
    boto3.client("cloudwatch").put_metric_data(
        Namespace="AWS/Rekognition",
        MetricData=[
            {
                "MetricName": "InServiceInferenceUnits",
                "Dimensions": dimensions,
                "Timestamp": time.time() - 30,
                "Value": units,
            }
        ],
    )


def test_the_pace_follows_the_units_in_service_of_a_model_that_auto_scales(stack: Stack) -> None:
    arn = model(stack, max_inference_units=3)
    started(stack, arn, tps=TPS, units={"min": 1, "max": 3})

    first = planned(stack)
    one = pace_store(arn, "batch").load()
    in_service(arn, 3)
    planned(stack)
    three = pace_store(arn, "batch").load()

    assert one is not None and three is not None
    assert (one.units, three.units) == (1, 3)
    assert three.rate == pytest.approx(3 * one.rate)
    # The units are looked at each minute.
    assert first["round"]["until"] <= time.time() + 60


def test_a_fixed_model_needs_no_metric(stack: Stack) -> None:
    arn = model(stack)
    started(stack, arn, tps=TPS)
    in_service(arn, 3)

    assert planned(stack)["round"]["until"] > time.time() + 200

    pace = pace_store(arn, "batch").load()
    assert pace is not None
    assert pace.units == 1


def measured_at(stack: Stack, arn: str, rate: float) -> dict[str, Any]:
    """The answer of PlanRound after a first round that found this rate."""
    planned(stack)
    store = pace_store(arn, "batch")
    store._change(lambda pace: type(pace)(**{**pace.__dict__, "rate": rate, "slow_start": False}), time.time())
    return planned(stack)


def test_measure_first_quotes_the_rest_by_what_the_first_round_found(stack: Stack) -> None:
    arn = model(stack)
    started(stack, arn, measureFirst=True)

    assert measured_at(stack, arn, 10.0)["round"] is not None

    state = batch_store("run-1").load().state
    assert state.capacity is not None
    assert state.capacity.tps_per_unit == pytest.approx(10.0)
    assert state.expected_hours == pytest.approx(IMAGES / 10 / 3600)


@pytest.mark.parametrize(
    ("raw", "error"),
    [({"limits": {"maxMinutes": 5}}, BudgetExceeded), ({"deadline": {"withinHours": 0.1}}, DeadlineImpossible)],
)
def test_measure_first_ends_a_batch_that_would_not_end_in_time(
    stack: Stack, raw: dict[str, Any], error: type[Exception]
) -> None:
    arn = model(stack)
    started(stack, arn, measureFirst=True, **raw)

    with pytest.raises(error, match="the first round measured 0.1 images/s with 1 inference unit"):
        measured_at(stack, arn, 0.1)


def test_a_deadline_before_the_model_can_run_is_impossible_without_a_measurement(stack: Stack) -> None:
    arn = str(stack.service.add_model(ModelSetup())["modelArn"])
    listed(stack, arn, deadline={"withinHours": 0.1})

    with pytest.raises(DeadlineImpossible, match="start-up and stop take 11 min"):
        quoted(stack)
    assert stack.service.model_report(arn)["transitions"] == []


def test_a_worker_whose_writes_are_refused_ends_the_batch(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        error = {"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}
        raise ClientError({**error, "ResponseMetadata": {"HTTPStatusCode": 403}}, "PutObject")  # type: ignore[typeddict-item]

    arn = model(stack)
    listed(stack, arn, tps=TPS, images={"source": "bytes"})
    assert quoted(stack)
    assert start_model.handler({"runId": "run-1"}, stack.context)["running"]
    monkeypatch.setattr(ResultStore, "write_result", refuse)
    plan = planned(stack)["round"]

    with pytest.raises(AccessDenied, match="Access Denied"):
        process_images.handler({"runId": "run-1", "round": plan, "worker": 0}, stack.context)
    with pytest.raises(AccessDenied, match="was refused"):
        planned(stack)
    assert stack.service.model_report(arn)["totals"]["accepted"] < IMAGES


def test_a_worker_whose_run_is_ended_sends_no_more_and_saves_what_was_answered(stack: Stack) -> None:
    arn = model(stack)
    started(stack, arn, tps=4.0, images={"source": "bytes"})
    plan = planned(stack)["round"]

    def accepted() -> int:
        return int(stack.service.model_report(arn)["totals"]["accepted"])

    with ThreadPoolExecutor(1) as threads:
        event = {"runId": "run-1", "round": plan, "worker": 0}
        worker = threads.submit(process_images.handler, event, stack.context)
        wait_until("some answers", lambda: accepted() >= 3)
        lease = lease_store().get(arn)
        assert lease is not None
        lease_store().mark_closing(lease)
        worker.result()

    assert accepted() < IMAGES
    assert sum(record.done for record in batch_store("run-1").shards.records()) == accepted()
