"""afterRun "apply": the model is left running with the units recommended, or stopped; nothing in between."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from iu_tuner.contract.errors import InvalidInput, ModelLost
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.rates.interval import Interval
from lambdas.cleanup.cleanup import reconcile
from lambdas.handlers import janitor
from lambdas.handlers import release_orphaned_model as release_orphaned_model
from lambdas.models.lease import Lease
from lambdas.models.lease_store import LeaseStore, lease_store
from lambdas.models.rekognition.control_plane import RekognitionModel
from lambdas.models.rekognition.facts import FACTS
from lambdas.models.tariff import UnitsQuota
from lambdas.runs.quotas import units_quota
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from tests.states.conftest import Stack, picture

FAST: dict[str, Any] = {"start_s": 0.3, "stop_s": 0.3}
DEMAND = {"averageTps": 6, "peakTps": 15}
FIVE_TPS = Measurement("saturated", 4, Interval(5.0, 4.9, 5.1), is_confirmed=True, saturated_counts=(5,) * 15)


@pytest.fixture(autouse=True)
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """5 TPS per inference unit, without the load: 6 and 15 TPS want 2 to 3 units."""
    monkeypatch.setattr("lambdas.tuning.recommend.next_move", lambda *_: FIVE_TPS)
    monkeypatch.setattr("lambdas.tuning.recommend.quotas_client", Unreachable)  # moto has no Service Quotas


class Unreachable:
    """A service that the function has no right to."""

    def get_paginator(self, operation: str) -> Any:
        def refused(_: int) -> Any:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, operation)

        return SimpleNamespace(paginate=lambda **_: map(refused, range(1)))


def recommended(stack: Stack, setup: ModelSetup | ModelTruth | None = None, **more: Any) -> dict[str, Any]:
    """The input of a run that has come as far as its recommendation."""
    arn = stack.service.add_model(setup or ModelTruth(**FAST))["modelArn"]
    stack.upload("samples/1.png", picture())
    raw = {"modelArn": arn, "afterRun": "apply", "demand": DEMAND, **more}
    stack.prepare(raw)
    while not stack.start():
        time.sleep(0.1)
    stack.recommend()
    return raw


def settled(stack: Stack, raw: dict[str, Any], *, failed: bool = False, looks: int = 60) -> None:
    for _ in range(looks):
        if stack.settle(raw, failed=failed):
            return
        time.sleep(0.1)
    raise AssertionError("never settled")


def model(stack: Stack, raw: dict[str, Any]) -> tuple[str, int, int | None]:
    """Its status and inference units."""
    report = stack.service.model_report(raw["modelArn"])
    return report["status"], report["minInferenceUnits"], report["maxInferenceUnits"]


def status(stack: Stack, raw: dict[str, Any]) -> str:
    return model(stack, raw)[0]


def lease(raw: dict[str, Any]) -> Lease | None:
    return lease_store().get(raw["modelArn"])


def until_starting(stack: Stack, raw: dict[str, Any]) -> None:
    """Settle until the model is on its way to the units decided."""
    until_stopped(stack, raw)
    stack.settle(raw)


def until_stopped(stack: Stack, raw: dict[str, Any]) -> None:
    """Ask for the stop, and wait without another look: the next one would ask for the start."""
    stack.settle(raw)
    while status(stack, raw) != "STOPPED":
        time.sleep(0.05)


class TestTheGoodRoad:
    def test_the_model_runs_with_the_recommended_units_and_the_output_says_so_with_the_price(
        self, stack: Stack
    ) -> None:
        raw = recommended(stack)

        settled(stack, raw)
        answer = stack.publish()

        assert model(stack, raw) == ("RUNNING", 2, 3)
        assert answer["applied"] is True
        assert "runs with 2 to 3 inference units" in answer["appliedDetail"]
        assert "$8.00 per hour from now on, up to $12.00" in answer["appliedDetail"]
        left = answer["model"]
        assert (left["statusAfter"], left["minInferenceUnits"], left["maxInferenceUnits"]) == ("RUNNING", 2, 3)
        assert (left["usdPerHour"], left["usdPerHourAtMost"]) == (8.0, 12.0)
        assert left["stoppedAt"] is not None, "the run's own cost ends where the model was stopped to restart it"
        assert lease(raw) is None

    def test_units_that_the_model_has_already_are_left_alone(self, stack: Stack) -> None:
        found = ModelSetup(truth=ModelTruth(**FAST), status="RUNNING", inference_units=1)

        raw = recommended(stack, found, demand={"averageTps": 4, "peakTps": 4})
        settled(stack, raw)

        assert stack.publish()["applied"] is True
        assert stack.service.model_report(raw["modelArn"])["transitions"] == []

    def test_lost_replies_to_stop_and_start_change_nothing(self, stack: Stack) -> None:
        raw = recommended(stack, ModelTruth(lost_replies=3, **FAST))

        settled(stack, raw)

        assert stack.publish()["applied"] is True
        assert model(stack, raw) == ("RUNNING", 2, 3)

    def test_a_start_that_never_arrived_is_asked_for_again(self, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
        raw = recommended(stack)
        start, lost = RekognitionModel.start, [True, True]

        def sometimes(self: Any, *units: Any, token: str) -> None:
            if not lost:
                start(self, *units, token=token)
            else:
                lost.pop()

        monkeypatch.setattr(RekognitionModel, "start", sometimes)
        monkeypatch.setattr("lambdas.models.lease.RETRY_START_AFTER_S", 0.2)
        settled(stack, raw)

        assert model(stack, raw) == ("RUNNING", 2, 3)

    def test_until_it_is_published_the_lease_is_kept(self, stack: Stack) -> None:
        raw = recommended(stack)

        settled(stack, raw)
        kept = lease(raw)
        stack.publish()
        stack.publish()  # its first reply got lost

        assert kept is not None
        assert kept.owes == "apply"
        assert lease(raw) is None
        assert status(stack, raw) == "RUNNING"


class TestTheOtherRoads:
    def test_before_the_recommendation_a_stop_is_owed(self, stack: Stack) -> None:
        arn = stack.service.add_model(ModelTruth(**FAST))["modelArn"]
        stack.upload("samples/1.png", picture())

        stack.prepare({"modelArn": arn, "afterRun": "apply", "demand": DEMAND})

        held = lease_store().get(arn)
        assert held is not None
        assert (held.after_run, held.owes) == ("apply", "stop")

    def test_a_failure_after_the_recommendation_stops_the_model(self, stack: Stack) -> None:
        raw = recommended(stack)

        settled(stack, raw, failed=True)

        assert status(stack, raw) == "STOPPED"
        assert lease(raw) is None
        assert stack.run_item()["receipt"]["applied"] is False

    def test_an_answer_that_cannot_be_published_stops_the_model_again(self, stack: Stack) -> None:
        raw = recommended(stack)
        settled(stack, raw)

        settled(stack, raw, failed=True)  # Publish has failed

        assert status(stack, raw) == "STOPPED"
        assert lease(raw) is None
        assert stack.run_item()["receipt"]["usd"] > 0

    @pytest.mark.parametrize("when", ["recommended", "starting", "applied"])
    def test_an_aborted_run_stops_the_model_wherever_it_was(
        self, stack: Stack, when: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lambdas.aws.queue.retry_later", lambda unsettled: unsettled)
        monkeypatch.setattr("lambdas.handlers.release_orphaned_model.retry_later", lambda unsettled: unsettled)
        raw = recommended(stack)
        if when == "starting":
            until_starting(stack, raw)
        elif when == "applied":
            settled(stack, raw)
        detail = {"name": stack.run_id, "status": "ABORTED", "input": json.dumps(raw)}
        event = {"Records": [{"messageId": "m", "body": json.dumps({"detail": detail})}]}

        while release_orphaned_model.handler(event, stack.context):
            time.sleep(0.1)

        assert status(stack, raw) == "STOPPED"
        assert lease(raw) is None
        receipt = stack.run_item()["receipt"]
        assert (receipt["settled_by"], receipt["applied"]) == ("rule", False)
        assert "ended without publishing its answer" in receipt["not_applied"]

    def test_the_janitor_stops_the_model_of_an_overdue_run(self, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
        raw = recommended(stack)
        settled(stack, raw)
        monkeypatch.setattr("lambdas.cleanup.janitor.status_of", lambda *_: "RUNNING")
        monkeypatch.setattr("lambdas.cleanup.janitor.Lease.is_overdue", lambda *_: True)

        assert janitor.handler({}, stack.context) == {"unsettled": 0}

        assert status(stack, raw) == "STOPPED"

    def test_a_run_that_is_ended_while_it_publishes_does_not_hand_the_model_over(self, stack: Stack) -> None:
        raw = recommended(stack)
        settled(stack, raw)
        held = lease(raw)
        assert held is not None
        lease_store().save_changes(held.without_applying("aborted"), instead_of=held)

        with pytest.raises(ModelLost, match="has been ended"):
            stack.publish()

        assert lease(raw) is not None, "somebody is stopping the model, and needs the lease for it"

    def test_an_abort_between_the_look_and_the_start_prevents_the_start(
        self, stack: Stack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        raw = recommended(stack)
        until_stopped(stack, raw)
        ask = LeaseStore.ask_to_apply

        def too_late(self: LeaseStore, held: Lease, now: float) -> Lease | None:
            monkeypatch.setattr(LeaseStore, "ask_to_apply", ask)
            reconcile(held, by="rule")
            return ask(self, held, now)

        monkeypatch.setattr(LeaseStore, "ask_to_apply", too_late)
        stack.settle(raw)
        time.sleep(0.4)

        assert status(stack, raw) == "STOPPED"
        assert lease(raw) is None

    def test_a_run_that_is_being_ended_decides_nothing_any_more(self, stack: Stack) -> None:
        arn = stack.service.add_model(ModelTruth(**FAST))["modelArn"]
        stack.upload("samples/1.png", picture())
        stack.prepare({"modelArn": arn, "afterRun": "apply", "demand": DEMAND})
        held = lease_store().get(arn)
        assert held is not None
        lease_store().mark_closing(held)

        with pytest.raises(ModelLost, match="has been ended"):
            stack.recommend()

        held = lease_store().get(arn)
        assert held is not None
        assert held.owes == "stop"


class TestAnAnswerThatIsNotApplied:
    def test_units_above_the_quota_stop_the_model_and_the_run_still_answers(
        self, stack: Stack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lambdas.tuning.recommend.units_quota", lambda *_: UnitsQuota(2, "Service Quotas"))
        raw = recommended(stack)

        settled(stack, raw)
        answer = stack.publish()

        assert status(stack, raw) == "STOPPED"
        assert answer["recommendation"]["maxInferenceUnits"] == 3
        assert answer["applied"] is False
        assert "maximum of 3 inference units is above the 2 that one model may start" in answer["appliedDetail"]
        assert "left STOPPED" in answer["appliedDetail"]

    def test_without_service_quotas_the_documented_five_count(self, stack: Stack) -> None:
        raw = recommended(stack, demand={"averageTps": 6, "peakTps": 29})

        settled(stack, raw)

        assert "above the 5 that one model may start with (the documented default" in stack.publish()["appliedDetail"]

    def test_a_verdict_without_advice_applies_nothing(self, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
        throttled = Measurement("account-throttled", 64, Interval(50.0, 50.0, None))
        monkeypatch.setattr("lambdas.tuning.recommend.next_move", lambda *_: throttled)
        raw = recommended(stack)

        settled(stack, raw)

        answer = stack.publish()
        assert status(stack, raw) == "STOPPED"
        assert answer["applied"] is False
        assert "no number of inference units is recommended" in answer["appliedDetail"]

    def test_a_start_that_fails_stops_the_model_and_the_run_still_answers(self, stack: Stack) -> None:
        # The test finds the model running, so that the first start is that of the answer.
        found = ModelSetup(truth=ModelTruth(start_fails=1, **FAST), status="RUNNING", inference_units=1)
        raw = recommended(stack, found)

        settled(stack, raw)

        answer = stack.publish()
        assert status(stack, raw) == "FAILED"
        assert answer["applied"] is False
        assert "asked to start with 2 to 3 inference units and is FAILED" in answer["appliedDetail"]
        assert lease(raw) is None

    def test_a_start_that_is_refused_for_good_is_told_in_the_service_s_words(
        self, stack: Stack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lambdas.tuning.recommend.units_quota", lambda *_: UnitsQuota(9))
        monkeypatch.setattr("lambdas.models.lease.MAX_REQUEST_DELAY_S", 0.5)
        raw = recommended(stack, demand={"averageTps": 6, "peakTps": 29})  # the simulated quota is 5

        settled(stack, raw)

        answer = stack.publish()
        assert status(stack, raw) == "STOPPED"
        assert "The maximum number of inference units per model is 5" in answer["appliedDetail"]

    def test_a_model_that_leaves_running_after_it_was_applied_is_not_started_for_ever(self, stack: Stack) -> None:
        # Its start takes longer than one look after another, however busy this machine is.
        truth = ModelTruth(lost_after_s=0.0, start_s=3.0, stop_s=0.3)
        found = ModelSetup(truth=truth, status="RUNNING", inference_units=1)
        arn = stack.service.add_model(found)["modelArn"]
        stack.upload("samples/1.png", picture())
        stack.prepare({"modelArn": arn, "afterRun": "apply", "demand": DEMAND})
        held = lease_store().get(arn)
        assert held is not None
        lease_store().save(replace(held, owes="apply", min_units_decided=2, max_units_decided=3))

        settled(stack, {"modelArn": arn})

        assert stack.service.model_report(arn)["status"] in ("STOPPED", "STOPPING")
        assert lease_store().get(arn) is None


def test_apply_without_a_demand_is_refused_at_the_door(stack: Stack) -> None:
    arn = stack.service.add_model(ModelTruth(**FAST))["modelArn"]

    with pytest.raises(InvalidInput, match="demand: got nothing; takes .* as afterRun is apply"):
        stack.prepare({"modelArn": arn, "afterRun": "apply"})

    assert stack.items() == []


class TestTheQuota:
    def quota(self, **quotas: float) -> UnitsQuota:
        client = boto3.client("service-quotas", region_name="us-east-1")
        with Stubber(client) as stubber:
            listed = [{"QuotaName": name, "Value": value} for name, value in quotas.items()]
            stubber.add_response("list_service_quotas", {"Quotas": listed}, {"ServiceCode": "rekognition"})
            return units_quota(client, FACTS)

    def test_it_is_found_by_its_name(self) -> None:
        found = self.quota(
            **{
                "Transactions per second per account for DetectCustomLabels": 50.0,
                "Maximum inference units per started model.": 12.0,
                "Maximum number of concurrently running Amazon Rekognition Custom Labels models": 2.0,
            }
        )

        assert found == UnitsQuota(12, "Service Quotas")

    def test_one_that_is_not_listed_is_the_documented_default(self) -> None:
        assert self.quota().units == 5

    def test_a_refused_question_is_the_documented_default(self) -> None:
        quota = units_quota(Unreachable(), FACTS)

        assert (quota.units, "could not be read" in quota.source) == (5, True)
