"""PrepareBatch: the lease, the room for another running model, and what a resumed run must be."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from iu_tuner.contract.batch.output import BatchImages
from iu_tuner.contract.errors import InvalidInput, ModelNotStartable
from lambdas.batch.machine.live import live_batch
from lambdas.batch.machine.own_traffic import without_own_requests
from lambdas.batch.machine.run import BatchState, batch_store
from lambdas.batch.shards.record import Shards
from lambdas.handlers import prepare_batch
from lambdas.models.lease import RENEWAL_S, Lease
from lambdas.models.lease_store import lease_store
from lambdas.models.recent_traffic import TrafficSeen
from lambdas.processing.first_pace import MeasuredRate, first_pace
from lambdas.processing.pace_store import pace_store
from lambdas.runs.sent_requests import sent_requests
from local.simulated_model.account import ModelSetup
from tests.states.conftest import STARTED_AT, Stack

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/other/version/v.{}/1"


def prepare(stack: Stack, model_arn: str, run_id: str = "run-1", **more: Any) -> dict[str, Any]:
    raw = {"task": "process", "modelArn": model_arn, **more}
    event = {"input": raw, "runId": run_id, "executionArn": stack.execution_arn, "startedAt": stack.started_at}
    return prepare_batch.handler(event, stack.context)


def model(stack: Stack) -> str:
    return str(stack.service.add_model(ModelSetup())["modelArn"])


def hold(number: int, kind: Any = "measure") -> None:
    lease_store().acquire(Lease(ARN.format(number), f"other-{number}", "arn", STARTED_AT, 90, "stop", kind=kind))


def test_a_batch_takes_the_lease_and_says_what_for(stack: Stack) -> None:
    arn = model(stack)

    assert prepare(stack, arn) == {"holds": True, "output": None}

    lease = lease_store().get(arn)
    assert lease is not None
    assert (lease.kind, lease.owes) == ("process", "stop")


def test_a_batch_beside_a_measurement_of_the_same_model_is_skipped(stack: Stack) -> None:
    arn = model(stack)
    lease_store().acquire(Lease(arn, "measuring", "arn", STARTED_AT, 90, "stop"))

    prepared = prepare(stack, arn)

    assert not prepared["holds"]
    assert (prepared["output"]["verdict"], prepared["output"]["task"]) == ("skipped", "process")
    assert prepared["output"]["heldBy"]["runId"] == "measuring"


@pytest.mark.parametrize(("others", "is_refused"), [(1, False), (2, True)])
def test_the_third_running_model_of_an_account_is_refused_before_its_start(
    stack: Stack, others: int, is_refused: bool
) -> None:
    for number in range(others):
        hold(number)
    arn = model(stack)

    if is_refused:
        with pytest.raises(ModelNotStartable, match="at most 2 models at once, and the runs other-0, other-1"):
            prepare(stack, arn)
    else:
        assert prepare(stack, arn)["holds"]
    assert stack.service.model_report(arn)["transitions"] == []


def test_a_measurement_would_be_the_third_running_model_too(stack: Stack) -> None:
    hold(0)
    hold(1, kind="process")
    arn = model(stack)

    with pytest.raises(ModelNotStartable, match="at most 2 models at once, and the runs other-0, other-1"):
        stack.prepare({"modelArn": arn})
    assert stack.service.model_report(arn)["transitions"] == []


def test_resume_takes_a_batch_of_this_model(stack: Stack) -> None:
    arn = model(stack)

    with pytest.raises(InvalidInput, match='resume: got "no-such-run"; takes the runId of an earlier batch'):
        prepare(stack, arn, resume="no-such-run")


def test_a_batch_is_resumed_with_the_images_and_results_of_the_earlier_one(stack: Stack) -> None:
    arn = model(stack)
    prepare(stack, arn, images={"prefix": "photos/"}, results={"prefix": "found/", "minConfidence": 70})
    batch_store("run-1").shards.create(Shards(0, BatchImages()))
    release(arn, "run-1")

    prepare(stack, arn, "run-2", resume="run-1", results={"prefix": "elsewhere/"})

    run_input = batch_store("run-2").load().run.input
    assert (run_input.resume, run_input.images.prefix, run_input.results.prefix) == ("run-1", "photos/", "elsewhere/")


def test_a_batch_that_listed_nothing_is_begun_again(stack: Stack) -> None:
    arn = model(stack)
    prepare(stack, arn, images={"prefix": "photos/"})
    release(arn, "run-1")

    prepare(stack, arn, "run-2", resume="run-1")

    run_input = batch_store("run-2").load().run.input
    assert (run_input.resume, run_input.images.prefix) == (None, "photos/")


def release(arn: str, run_id: str) -> None:
    lease = lease_store().get(arn)
    assert lease is not None
    assert lease.run_id == run_id
    lease_store().release(lease)


def test_more_units_than_the_quota_are_refused(stack: Stack) -> None:
    with pytest.raises(InvalidInput, match="units: got 6; takes at most 5"):
        prepare(stack, model(stack), units=6)


def test_a_lease_that_is_renewed_is_not_overdue() -> None:
    now = time.time()
    old = Lease("arn", "run", "arn", "2026-01-01T00:00:00.000Z", 60, "stop", kind="process")

    assert old.is_overdue(now)
    assert not replace(old, renewed_at=now - RENEWAL_S / 2).is_overdue(now)
    assert replace(old, renewed_at=now - 2 * RENEWAL_S).is_overdue(now)


def test_the_requests_of_batches_and_uploads_that_ended_are_nobody_s_traffic(stack: Stack) -> None:
    now = time.time()
    sent_requests().add(ARN.format(1), 300, now - 100, now - 40)
    sent_requests().add(ARN.format(2), 200, now - 460, now - 260)  # half of it is too long ago
    sent_requests().add(ARN.format(3), 70, now - 20, now - 10)
    sent_requests().add(ARN.format(2), 1000, now - 900, now - 400)

    seen = without_own_requests(TrafficSeen(1000, of_model=False), ARN.format(3), now)

    assert seen == TrafficSeen(1000 - 300 - 100, of_model=False)


def test_the_account_s_traffic_is_counted_without_that_of_a_batch_of_another_model(stack: Stack) -> None:
    arn, now = model(stack), time.time()
    prepare(stack, arn)
    store = batch_store("run-1")
    batch = replace(store.load(), state=BatchState(began_at=now - 100))
    store.save_state(batch.state, live_batch(batch, BatchImages()))
    pace_store(arn, "batch").begin(first_pace(1, MeasuredRate(10.0, None)), now)

    seen = without_own_requests(TrafficSeen(1500, of_model=False), ARN.format(1), now)

    assert seen == TrafficSeen(1500 - round(1.05 * 9.8 * 100), of_model=False)
    assert without_own_requests(TrafficSeen(7, of_model=True), ARN.format(1), now) == TrafficSeen(7, of_model=True)
    assert without_own_requests(TrafficSeen(7, of_model=False), arn, now) == TrafficSeen(7, of_model=False)
