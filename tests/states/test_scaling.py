"""test.verifyScaling: a second start with twice the units, its bill, and an answer that stands whatever comes of it.

The states run in the order of the machine, against a simulated model on the wire; only the load is virtual.
"""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from iu_tuner.contract.errors import InternalError, ModelLost
from lambdas.handlers import plan_step, start_model
from lambdas.load.step import StepPlan
from lambdas.models.lease import Lease
from lambdas.models.lease_store import lease_store
from lambdas.models.rekognition.control_plane import rekognition_client
from lambdas.models.tariff import UnitsQuota
from lambdas.runs.store import run_store
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.service import SimulatedService
from simulation.virtual_time import VirtualClient
from tests.model_books import BEFORE_A_START_S, unseen_s
from tests.states.conftest import Stack, picture

FAST: dict[str, Any] = {"start_s": 0.1, "stop_s": 0.1, "latency_mean_s": 0.02}
POLL_S = 0.05
ONCE = ["STARTING", "RUNNING", "STOPPING", "STOPPED"]
QUICK_SECOND: dict[str, Any] = {"mode": "quick", "verifyScaling": True}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto has no Service Quotas, and a start that was refused need not be waited for in case it was not."""
    for user in ("tuning.prepare", "tuning.recommend"):
        monkeypatch.setattr(f"lambdas.{user}.units_quota", lambda *_: UnitsQuota())
    for name in ("MAX_REQUEST_DELAY_S", "RETRY_START_AFTER_S"):
        monkeypatch.setattr(f"lambdas.models.lease.{name}", 0.2)
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))


def prepared(stack: Stack, setup: ModelSetup | ModelTruth, **more: Any) -> dict[str, Any]:
    """The input of a run that is prepared."""
    stack.upload("samples/1.png", picture())
    arn = stack.service.add_model(setup)["modelArn"]
    raw = {"modelArn": arn, "test": QUICK_SECOND, "demand": {"averageTps": 6, "peakTps": 15}, **more}
    stack.prepare(raw)
    return raw


def model(stack: Stack, raw: dict[str, Any]) -> dict[str, Any]:
    return stack.service.model_report(raw["modelArn"])


def moves(stack: Stack, raw: dict[str, Any]) -> list[str]:
    return [transition["to"] for transition in model(stack, raw)["transitions"]]


def started(stack: Stack) -> bool:
    """StartModel and its wait, until the model runs; False: the start was given up."""
    for _ in range(100):
        answer = start_model.handler({"runId": stack.run_id}, stack.context)
        if answer["running"] or answer["givenUp"]:
            return bool(answer["running"])
        time.sleep(POLL_S)
    raise AssertionError("it neither runs nor is given up")


def loaded(stack: Stack, raw: dict[str, Any]) -> dict[str, Any]:
    """Step after step, each played in virtual time; PlanStep's last answer."""
    report, store = model(stack, raw), run_store(stack.run_id)
    units = report["minInferenceUnits"]
    client = VirtualClient(SimulatedService(ModelTruth.from_mapping(report["truth"]), units))
    while (planned := plan_step.handler({"runId": stack.run_id}, stack.context))["step"]:
        counts = client.run_step(StepPlan.from_mapping(planned["step"]))
        for worker, each in enumerate(counts.workers):
            store.put_counts(planned["step"]["number"], worker, each)
    return dict(planned)


def measured_once(stack: Stack, setup: ModelSetup | ModelTruth, **more: Any) -> dict[str, Any]:
    """The input of a run that has been told to restart the model."""
    raw = prepared(stack, setup, **more)
    assert started(stack)
    stack.probe()
    assert loaded(stack, raw) == {"step": None, "restart": True}
    return raw


def second_measurement(stack: Stack, raw: dict[str, Any]) -> None:
    """From the restart to where nothing is left to measure."""
    if started(stack):
        stack.probe()
        assert loaded(stack, raw) == {"step": None, "restart": False}


def answered(stack: Stack, raw: dict[str, Any]) -> dict[str, Any]:
    """From the recommendation to the output."""
    stack.recommend()
    while not stack.settle(raw):
        time.sleep(POLL_S)
    return stack.publish()


def told_s(stack: Stack) -> float:
    """Inference-unit seconds of the receipt."""
    return 3600 * float(stack.run_item()["receipt"]["inference_unit_hours"])


def billed_s(stack: Stack, raw: dict[str, Any]) -> float:
    return float(model(stack, raw)["inferenceUnitSecondsBilled"])


def assert_bill_covers(stack: Stack, raw: dict[str, Any], *, from_s: float | None = None) -> None:
    """Never too little; too much by no more than the time in which it was not seen what the model did."""
    blind_s = unseen_s(model(stack, raw), time.time()) + BEFORE_A_START_S
    least_s = billed_s(stack, raw) if from_s is None else from_s
    assert least_s <= told_s(stack) <= billed_s(stack, raw) + 2 * blind_s


def test_a_model_of_less_than_proportion_is_found_out_billed_for_both_stretches_and_stopped(stack: Stack) -> None:
    raw = measured_once(stack, ModelTruth(tps_per_iu=5, unit_efficiency=0.8, **FAST))

    time.sleep(1)  # a second of one unit, before two
    second_measurement(stack, raw)
    answer = answered(stack, raw)

    assert moves(stack, raw) == ONCE + ONCE
    assert answer["scaling"]["inferenceUnits"] == 2
    assert answer["scaling"]["efficiency"]["low"] <= 0.8 <= answer["scaling"]["efficiency"]["high"] < 1
    assert (answer["inferenceUnits"], answer["tpsPerInferenceUnit"]) == (1, pytest.approx(5, rel=0.03))
    assert answer["recommendation"]["maxInferenceUnits"] == 4
    assert_bill_covers(stack, raw)
    assert answer["model"]["startedAt"] < answer["model"]["stoppedAt"]
    series = [step.get("series", "main") for step in answer["steps"]]
    assert series == sorted(series)
    assert answer["steps"][series.index("scaling")]["phase"] == "probe"
    assert answer["cost"]["expectedUsd"] == pytest.approx(0.2 + 0.4, abs=1e-3)


def test_by_default_nothing_of_it_happens(stack: Stack) -> None:
    raw = prepared(stack, ModelTruth(**FAST), test={"mode": "quick"})
    assert started(stack)
    stack.probe()

    last = loaded(stack, raw)
    answer = answered(stack, raw)

    assert last == {"step": None, "restart": False}
    assert moves(stack, raw) == ONCE
    assert "scaling" not in answer
    assert answer["cost"]["expectedUsd"] == pytest.approx(0.2, abs=1e-3)


def test_two_units_cost_twice_as_much_between_the_looks(stack: Stack) -> None:
    raw = measured_once(stack, ModelTruth(**FAST))
    assert started(stack)
    run, progress = run_store(stack.run_id).load()
    now = time.time()

    in_an_hour = progress.unit_hours(run.inference_units, now + 3600) - progress.unit_hours(run.inference_units, now)

    assert run.inference_units == 1
    assert in_an_hour == pytest.approx(2)
    stack.settle(raw)


def test_a_second_start_that_is_refused_leaves_the_answer(stack: Stack) -> None:
    raw = measured_once(stack, ModelTruth(most_units=1, **FAST))

    second_measurement(stack, raw)
    answer = answered(stack, raw)

    assert moves(stack, raw) == ONCE
    assert answer["verdict"] == "ok"
    assert answer["scaling"]["inferenceUnits"] is None
    assert "Not measured at 2 inference units: Rekognition refused" in answer["scaling"]["detail"]
    assert_bill_covers(stack, raw)


def test_a_second_measurement_that_takes_too_long_leaves_the_answer(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = measured_once(stack, ModelTruth(**FAST))
    assert started(stack)
    stack.probe()

    with monkeypatch.context() as later:
        later.setattr("lambdas.tuning.next_step.time.time", lambda: 4e9)
        last = plan_step.handler({"runId": stack.run_id}, stack.context)
    answer = answered(stack, raw)

    assert last == {"step": None, "restart": False}
    assert moves(stack, raw) == ONCE + ONCE
    assert "the run has taken" in answer["scaling"]["detail"]
    assert_bill_covers(stack, raw)


def test_a_model_lost_in_the_second_measurement_leaves_the_answer(stack: Stack) -> None:
    raw = measured_once(stack, ModelTruth(**FAST))
    assert started(stack)
    stack.probe()
    end(stack, raw)

    last = plan_step.handler({"runId": stack.run_id}, stack.context)
    answer = answered(stack, raw)

    assert last == {"step": None, "restart": False}
    assert "the model went from RUNNING to STOP" in answer["scaling"]["detail"]
    assert_bill_covers(stack, raw)


def end(stack: Stack, raw: dict[str, Any]) -> None:
    """Somebody else stops the model."""
    rekognition_client().stop_project_version(ProjectVersionArn=raw["modelArn"])


def test_a_run_that_is_being_ended_fails_in_its_second_measurement_too(stack: Stack) -> None:
    raw = measured_once(stack, ModelTruth(**FAST))
    stack.settle(raw, failed=True)

    with pytest.raises(ModelLost, match="has been ended"):
        start_model.handler({"runId": stack.run_id}, stack.context)
    with pytest.raises(ModelLost, match="has been ended"):
        plan_step.handler({"runId": stack.run_id}, stack.context)

    while not stack.settle(raw, failed=True):
        time.sleep(POLL_S)
    assert moves(stack, raw) == ONCE


def test_in_the_first_measurement_an_error_fails_the_run_as_ever(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(stack, ModelTruth(**FAST))
    assert started(stack)
    stack.probe()

    def lost(*_: object) -> None:
        raise InternalError("all workers were lost")

    monkeypatch.setattr("lambdas.tuning.next_step.next_move", lost)
    with pytest.raises(InternalError, match="all workers were lost"):
        stack.plan()


def test_a_restart_is_asked_for_twice_where_the_first_answer_was_lost(stack: Stack) -> None:
    raw = measured_once(stack, ModelTruth(**FAST))

    again = plan_step.handler({"runId": stack.run_id}, stack.context)
    second_measurement(stack, raw)
    answer = answered(stack, raw)

    assert again == {"step": None, "restart": True}
    assert moves(stack, raw) == ONCE + ONCE
    assert answer["scaling"]["efficiency"]["estimate"] == pytest.approx(1, abs=0.05)


def test_beyond_the_quota_the_model_is_not_restarted_and_the_cost_not_expected(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lambdas.tuning.prepare.units_quota", lambda *_: UnitsQuota(1, "Service Quotas"))
    raw = prepared(stack, ModelTruth(**FAST))
    assert started(stack)
    stack.probe()

    last = loaded(stack, raw)
    answer = answered(stack, raw)

    assert last == {"step": None, "restart": False}
    assert "one model may start with 1 inference units (Service Quotas)" in answer["scaling"]["detail"]
    assert answer["cost"]["expectedUsd"] == pytest.approx(0.2, abs=1e-3)


@pytest.mark.parametrize("ended", ["answered", "while the model restarts", "under the second load"])
def test_a_model_that_was_found_running_gets_its_units_back(stack: Stack, ended: str) -> None:
    found = ModelSetup(truth=ModelTruth(**FAST), status="RUNNING", inference_units=1)
    raw = measured_once(stack, found, afterRun="restore")

    if ended == "while the model restarts":
        start_model.handler({"runId": stack.run_id}, stack.context)
    else:
        second_measurement(stack, raw)
    if ended == "answered":
        stack.recommend()
    while not stack.settle(raw, failed=ended != "answered"):
        time.sleep(POLL_S)

    assert (model(stack, raw)["status"], model(stack, raw)["minInferenceUnits"]) == ("RUNNING", 1)
    assert lease(raw) is None


@pytest.mark.parametrize(("most", "then"), [(5, ONCE), (1, [])])
def test_the_answer_is_applied_after_it_or_without_it(stack: Stack, most: int, then: list[str]) -> None:
    truth = ModelTruth(tps_per_iu=5, most_units=most, **FAST)
    raw = measured_once(stack, truth, afterRun="apply", demand={"averageTps": 4, "peakTps": 4})

    second_measurement(stack, raw)
    before_s = billed_s(stack, raw)
    answer = answered(stack, raw)

    assert answer["applied"] is True
    assert moves(stack, raw) == [*ONCE, *then, "STARTING", "RUNNING"]
    assert model(stack, raw)["minInferenceUnits"] == 1
    assert_bill_covers(stack, raw, from_s=before_s)


def test_an_apply_that_is_taken_back_is_billed_after_a_refused_second_start_too(stack: Stack) -> None:
    raw = measured_once(
        stack, ModelTruth(tps_per_iu=5, most_units=1, **FAST), afterRun="apply", demand={"averageTps": 4, "peakTps": 4}
    )
    second_measurement(stack, raw)
    stack.recommend()
    while model(stack, raw)["status"] != "RUNNING":
        stack.settle(raw)
        time.sleep(POLL_S)

    stack.settle(raw)
    while not stack.settle(raw, failed=True):
        time.sleep(POLL_S)

    assert model(stack, raw)["status"] == "STOPPED"
    assert_bill_covers(stack, raw)


def lease(raw: dict[str, Any]) -> Lease | None:
    return lease_store().get(raw["modelArn"])
