"""Runs beside those before them: ten of one model, versions of one project, and runs that failed."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from iu_tuner.cli.aws.runs_table import RunsTable
from iu_tuner.cli.terminal.console import Screen
from iu_tuner.cli.terminal.render import history_table
from iu_tuner.contract.output.json_values import from_json
from iu_tuner.contract.output.result import Findings
from lambdas.capacity.step_plans import SearchLimits
from lambdas.cleanup.cleanup import clean_up_ended
from lambdas.models.lease import Lease
from lambdas.models.lease_store import lease_store
from lambdas.past_runs.store import history
from lambdas.planning.demand import TrafficDemand
from lambdas.runs.receipt import make_receipt
from lambdas.runs.run import Run
from lambdas.runs.store import run_store
from lambdas.tuning.output import findings
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.service import SimulatedService
from simulation.virtual_time import VirtualClient, run_search
from tests.states.conftest import TABLE, Stack

PROJECT = "arn:aws:rekognition:us-east-1:123456789012:project/bees"
QUICK = SearchLimits(mode="quick")


def arn(version: int) -> str:
    return f"{PROJECT}/version/bees.v{version}/{1615476219000 + version}"


def published(stack: Stack, number: int, tps: float, *, version: int = 1, **more: Any) -> dict[str, Any]:
    """Run `number` of a model of so many TPS, measured in virtual time and published."""
    measurement = run_search(
        VirtualClient(SimulatedService(ModelTruth(tps_per_iu=tps)), seed=number), QUICK
    ).measurement
    run = a_run(number, version, **more)
    stack.run_id = run.run_id
    store = run_store(run.run_id)
    store.create(run)
    store.save_measurement(findings(run, [], measurement))
    lease = Lease(run.model_arn, run.run_id, "", run.started_at, 90, "stop")
    store.save_receipt(make_receipt(lease, None, "STOPPED", by="finally", now=0.0), phase="stopped", is_final=True)
    return stack.publish()


def a_run(number: int, version: int, **more: Any) -> Run:
    run = Run(
        run_id=f"run-{number}",
        model_arn=arn(version),
        project_arn=f"{PROJECT}/1614247896000",
        started_at=f"2026-11-{number + 1:02}T06:00:00.000Z",
        inference_units=1,
        requested_units=None,
        usd_per_unit_hour=4.0,
        expected_usd=0.3,
        mode="quick",
        start_concurrency=4,
        max_concurrency=256,
        in_flight_per_worker=8,
        max_minutes=90,
        max_usd=10,
        demand=TrafficDemand(6, 15),
        bucket="images",
        source="bytes",
        images=(),
        skipped=(),
        images_found=0,
        images_skipped=0,
    )
    return replace(run, **more)


def test_of_ten_runs_exactly_the_slower_one_is_flagged(stack: Stack) -> None:
    answers = [published(stack, number, tps=4.2 if number == 6 else 5.0) for number in range(10)]

    assert [answer["runId"] for answer in answers if answer["regression"]] == ["run-6"]
    slower = answers[6]
    assert slower["comparedWith"]["sameModel"]["runId"] == "run-5"
    assert slower["comparedWith"]["sameModel"]["changePercent"] == pytest.approx(-16, abs=2)
    assert "has dropped by more than both intervals explain" in slower["regressionDetail"]
    assert "has risen" in answers[7]["regressionDetail"]


def test_the_first_run_has_nothing_to_compare_with_and_says_so(stack: Stack) -> None:
    answer = published(stack, 1, tps=5)

    assert answer["comparedWith"] == {"sameModel": None, "versionBefore": None}
    assert answer["regression"] is False
    assert answer["regressionDetail"].startswith("No earlier run")


def test_a_retrained_model_is_compared_with_the_last_run_of_the_version_before(stack: Stack) -> None:
    for number, version, tps in ((1, 1, 9.0), (2, 2, 7.0), (3, 2, 5.0), (4, 1, 9.0), (5, 4, 3.0)):
        published(stack, number, tps, version=version)

    answer = published(stack, 6, 4.2, version=3)

    before = answer["comparedWith"]["versionBefore"]
    assert answer["comparedWith"]["sameModel"] is None
    assert (before["runId"], before["modelArn"]) == ("run-3", arn(2))
    assert answer["regression"] is True


def test_another_project_is_none_of_its_business(stack: Stack) -> None:
    published(stack, 1, 9.0, project_arn=f"{PROJECT}/1614247896999")

    answer = published(stack, 2, 5.0, version=2)

    assert answer["comparedWith"]["versionBefore"] is None


def test_publishing_twice_compares_with_the_run_before_and_not_with_itself(stack: Stack) -> None:
    published(stack, 1, 5.0)

    first, again = published(stack, 2, 5.0), stack.publish()

    assert first == again
    assert again["comparedWith"]["sameModel"]["runId"] == "run-1"


def test_a_run_beside_other_traffic_is_neither_flagged_nor_a_measure_for_the_next(stack: Stack) -> None:
    from lambdas.models.recent_traffic import TrafficSeen

    published(stack, 1, 5.0)
    beside = published(stack, 2, 4.0, other_traffic=TrafficSeen(120, of_model=True))
    after = published(stack, 3, 3.0)

    assert (beside["regression"], after["regression"]) == (False, True)
    assert "this run is measured beside the requests of others" in beside["regressionDetail"]
    assert after["comparedWith"]["sameModel"]["runId"] == "run-1"


def test_a_failed_run_stays_in_the_history_with_its_cause_and_without_a_verdict(stack: Stack) -> None:
    failure = {"Error": "Runtime.HandlerError", "Cause": '{"errorMessage": "NoUsableImages: none - add some"}'}

    stack.explain(failure, {"modelArn": arn(1)})

    item = history_item(stack, stack.started_at)
    assert (item["runId"]["S"], item["error"]["S"]) == (stack.run_id, "NoUsableImages")
    assert item["cause"]["S"] == "none - add some"
    assert "verdict" not in item
    assert int(item["expiresAt"]["N"]) > time.time() + 2 * 365 * 86400
    assert published(stack, 2, 5.0)["comparedWith"]["sameModel"] is None, "a failure is nothing to compare with"


def test_an_aborted_run_stays_in_the_history_too(stack: Stack) -> None:
    lease = lease_store().acquire(Lease(arn(1), "run-1", "", stack.started_at, 90, "stop"))

    clean_up_ended(lease, "ABORTED", by="rule")

    assert history_item(stack, stack.started_at)["error"]["S"] == "ABORTED"


def test_a_failure_after_the_answer_leaves_the_answer(stack: Stack) -> None:
    answer = published(stack, 1, 5.0)

    history().save_failure(arn(1), a_run(1, 1).started_at, "run-1", "InternalError", "too late")

    item = history_item(stack, a_run(1, 1).started_at)
    assert json.loads(item["output"]["S"]) == answer
    assert item["error"]["S"] == "InternalError"


def test_the_history_shows_failed_runs_beside_those_with_an_answer(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = [published(stack, number, 5.0) for number in (1, 2)]
    stack.run_id = "failed"
    cause = {"errorMessage": "NoUsableImages: none - add some"}
    stack.explain({"Error": "Runtime.HandlerError", "Cause": json.dumps(cause)}, {"modelArn": arn(1)})
    late = "2026-11-20T06:00:00.000Z"
    clean_up_ended(lease_store().acquire(Lease(arn(1), "aborted", "", late, 90, "stop")), "ABORTED", by="rule")
    history().save_failure(arn(1), a_run(2, 1).started_at, "run-2", "InternalError", "too late")

    past = RunsTable(stack.dynamodb, TABLE).past_runs(arn(1), 20)

    by_run = {run.values["runId"]: run.values for run in past}
    assert by_run["run-1"] == {"startedAt": a_run(1, 1).started_at, **answers[0]}
    assert by_run["run-2"] == {
        "startedAt": a_run(2, 1).started_at,
        **answers[1],
        "status": "FAILED",
        "error": "InternalError",
        "cause": "too late",
    }
    assert by_run["failed"] == {
        "startedAt": stack.started_at,
        "runId": "failed",
        "modelArn": arn(1),
        "status": "FAILED",
        "error": "NoUsableImages",
        "cause": "none - add some",
    }
    assert by_run["aborted"]["status"] == "ABORTED"
    Screen(as_json=False).tell(history_table(past))
    shown = capsys.readouterr().out
    assert "failed: NoUsableImages" in shown
    assert "ok, then failed: InternalError" in shown
    assert published(stack, 25, 5.0)["comparedWith"]["sameModel"]["runId"] == "run-2"


def history_item(stack: Stack, started_at: str) -> dict[str, Any]:
    key = {"pk": {"S": f"MODEL#{arn(1)}"}, "sk": {"S": f"RUN#{started_at}"}}
    item: dict[str, Any] = stack.dynamodb.get_item(TableName=TABLE, Key=key)["Item"]
    return item


class TestTheParameter:
    NAME = "/inference-units/bees/bees.v1/answer"

    @pytest.fixture(autouse=True)
    def prefix(self, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ANSWER_PARAMETER_PREFIX", "/inference-units/")

    def test_it_holds_the_last_answer_for_other_stacks(self, stack: Stack) -> None:
        published(stack, 1, 5.0)
        answer = published(stack, 2, 6.0)

        value = boto3.client("ssm").get_parameter(Name=self.NAME)["Parameter"]["Value"]

        assert answer["answerParameter"] == self.NAME
        read = json.loads(value)
        assert set(read) == {
            "modelArn",
            "minInferenceUnits",
            "maxInferenceUnits",
            "tpsPerInferenceUnit",
            "low",
            "high",
            "verdict",
            "runId",
            "at",
        }
        assert (read["runId"], read["verdict"], read["at"]) == ("run-2", "ok", a_run(2, 1).started_at)
        assert (read["minInferenceUnits"], read["maxInferenceUnits"]) == (1, 3)
        assert read["low"] <= read["tpsPerInferenceUnit"] <= read["high"]
        assert len(value) < 4096

    def test_without_a_rate_it_keeps_what_it_had(self, stack: Stack) -> None:
        published(stack, 1, 5.0)
        run = a_run(2, 1)
        found = {**published(stack, 2, 5.0), "tpsPerInferenceUnit": None, "runId": "run-3"}
        store = run_store("run-3")
        store.create(replace(run, run_id="run-3", started_at="2026-11-20T06:00:00.000Z"))
        store.save_measurement(from_json(Findings, found))
        lease = Lease(run.model_arn, "run-3", "", run.started_at, 90, "stop")
        store.save_receipt(make_receipt(lease, None, "STOPPED", by="finally", now=0.0), phase="stopped", is_final=True)
        stack.run_id = "run-3"

        stack.publish()

        read = json.loads(boto3.client("ssm").get_parameter(Name=self.NAME)["Parameter"]["Value"])
        assert read["runId"] == "run-2"

    def test_one_that_cannot_be_written_costs_no_answer(self, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
        class Refusing:
            def put_parameter(self, **_: Any) -> None:
                raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "PutParameter")

        monkeypatch.setattr("lambdas.reports.parameter.client", lambda *_, **__: Refusing())

        answer = published(stack, 1, 5.0)

        assert answer["verdict"] == "ok"
        assert answer["answerParameter"] is None
        assert "AccessDeniedException" in answer["answerParameterDetail"]


def test_without_a_prefix_nothing_is_said_of_parameters(stack: Stack) -> None:
    assert "answerParameter" not in published(stack, 1, 5.0)
