"""What users rely on: the answer, the failure, the stopped model, and counts that add up."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from typing import Any

import pytest

from local.simulated_model.model_spec import ModelTruth
from tests.e2e.conftest import Deployment, Execution
from tests.e2e.scenarios import ANSWERED, FAILED, SCENARIOS
from tests.model_books import BEFORE_A_START_S, carried_tps, unseen_s
from tests.support.hostile_images import HOPELESS, PREFIX, REFUSED_BY_THE_MODEL

COUNTS = ("accepted", "throttled", "failed")


def by_name(*scenarios: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", [scenario.name for scenario in scenarios])


@by_name(*SCENARIOS)
def test_the_model_ends_as_it_has_to_and_hears_nothing_more(executions: dict[str, Execution], name: str) -> None:
    run = executions[name]

    never_started = ("TRAINING_COMPLETED", "TRAINING_FAILED", "FAILED")
    assert run.model["status"] == run.scenario.left or run.model["status"] in never_started
    stopped_at = max((t["at"] for t in run.model["transitions"] if t["to"] == "STOPPED"), default=None)
    if stopped_at is not None and run.model["lastDetectAt"] is not None:
        assert run.scenario.error == "ModelLost" or run.model["lastDetectAt"] < stopped_at


@by_name(*SCENARIOS)
def test_counts_are_equal_on_both_sides_of_the_wire(
    executions: dict[str, Execution], deployment: Deployment, name: str
) -> None:
    run = executions[name]
    counted: Counter[str] = Counter()
    for item in deployment.items(run.run_id):
        if "#WORKER#" in item["sk"]["S"]:
            counted.update({what: int(item[what]["N"]) for what in COUNTS})

    seen = run.model["totals"]
    assert {what: counted[what] for what in COUNTS} == {what: seen[what] for what in COUNTS}
    assert seen["sent"] == sum(counted.values())
    assert run.model["repeatedAttempts"] == 0


@by_name(*FAILED)
def test_a_run_without_an_answer_fails_by_name_and_in_words(executions: dict[str, Execution], name: str) -> None:
    run = executions[name]

    assert run.described["status"] == "FAILED"
    assert run.described["error"] == run.scenario.error
    assert len(run.described["cause"]) > 30
    assert "Traceback" not in run.described["cause"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wrong-input", 'test.inferenceUnits: got "two"; takes a whole number from 1 to 100'),
        ("too-dear", "limits.maxCostUsd = 0.1"),
        ("not-startable", "TRAINING_FAILED"),
        ("wrong-prefix", 'images.prefix: got "/samples/"; takes the start of keys as S3 has them'),
        ("no-images", "empty/a.jpg: it is empty"),
    ],
)
def test_the_cause_says_what_is_wrong(executions: dict[str, Execution], name: str, said: str) -> None:
    assert said in executions[name].described["cause"]


@pytest.mark.parametrize(
    "name", ["wrong-input", "wrong-prefix", "too-dear", "not-startable", "unknown-model", "no-images", "in-use"]
)
def test_a_refused_run_never_touches_the_model(executions: dict[str, Execution], name: str) -> None:
    assert executions[name].model["transitions"] == []


@by_name(*ANSWERED)
def test_the_output_is_the_contracts(executions: dict[str, Execution], name: str) -> None:
    run = executions[name]
    answer = run.output

    assert set(answer) >= {
        "runId",
        "modelArn",
        "summary",
        "startCommand",
        "verdict",
        "verdictDetail",
        "maxTps",
        "observedSeconds",
        "cleanTps",
        "inferenceUnits",
        "tpsPerInferenceUnit",
        "latencyMs",
        "recommendation",
        "cost",
        "steps",
        "requests",
        "model",
    }
    assert list(answer)[:5] == ["runId", "modelArn", "summary", "startCommand", "verdict"]
    assert answer["summary"].endswith(".")
    assert answer["runId"] == run.run_id
    assert answer["modelArn"] == run.model["modelArn"]
    assert set(answer["maxTps"]) == {"estimate", "low", "high", "confidence"}
    assert set(answer["cleanTps"]) == {"rate", "throttleRatioBelow"}
    bounds = {"p95AtMost", "p99AtMost", "p95Needs", "p99Needs"}
    assert set(answer["latencyMs"]) == {"p50", "p95", "p99", "samples"} | bounds
    advice = answer["recommendation"]
    assert set(advice) >= {"minInferenceUnits", "maxInferenceUnits", "reasons", "table"}
    assert set(advice) >= {"sizedBy", "utilizationAtAverage", "utilizationAtPeak", "usdPerMonth"}
    per_row = {"utilizationAtPeak", "tpsWithOneZoneLost"}
    for row in advice["table"]:
        assert set(row) == {"inferenceUnits", "tps", "usdPerHour", "usdPer1000Images"} | per_row
    for step in answer["steps"]:
        assert set(step) - {"series"} == {
            "phase",
            "concurrency",
            "workers",
            "seconds",
            "accepted",
            "throttled",
            "failed",
            "acceptedTps",
            "failedTps",
            "minMs",
            "meanMs",
            "p50Ms",
            "p95Ms",
            "maxMs",
            "lateSends",
            "intendedTps",
            "offeredTps",
            "driftPercent",
            "stalledSeconds",
            "workerCpuShare",
            "workerBytesPerS",
        }
    requests = answer["requests"]
    assert requests["sent"] == sum(requests[what] for what in COUNTS)
    assert {what: sum(step[what] for step in answer["steps"]) for what in COUNTS} == {
        what: requests[what] for what in COUNTS
    }
    assert requests["failed"] == sum(requests["failures"].values())
    assert answer["verdictDetail"].endswith(".")
    assert answer["model"]["statusAfter"] == run.scenario.left


@by_name(*ANSWERED)
def test_the_receipt_is_what_the_service_billed(executions: dict[str, Execution], name: str) -> None:
    run = executions[name]

    billed_h = run.model["inferenceUnitSecondsBilled"] / 3600
    cost = run.output["cost"]
    # Never too little; and too much by no more than the time in which it was not seen what the model did.
    most_units = run.output.get("scaling", run.output)["inferenceUnits"]
    ended_at = run.described["stopDate"].timestamp()
    slack_h = most_units * (unseen_s(run.model, ended_at) + BEFORE_A_START_S) / 3600
    assert cost["inferenceUnitHours"] <= billed_h + slack_h
    # What a model found running had cost before the run, and one left running costs after it, is not the run's.
    receipt = run.output["model"]
    is_active = "RUNNING" in (receipt["statusBefore"], receipt["statusAfter"])
    assert cost["inferenceUnitHours"] >= billed_h - 1e-4 or is_active
    assert cost["runUsd"] == pytest.approx(4 * cost["inferenceUnitHours"], abs=1e-3)


@by_name(*ANSWERED)
def test_the_result_is_kept_in_table_and_bucket(
    executions: dict[str, Execution], deployment: Deployment, name: str
) -> None:
    run = executions[name]
    kept = deployment.aws.client("dynamodb").query(
        TableName=deployment.outputs.runs_table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"MODEL#{run.output['modelArn']}"}},
    )["Items"]

    assert [json.loads(item["output"]["S"]) for item in kept] == [run.output]
    assert json.loads(deployment.read(f"reports/{run.run_id}/result.json")) == run.output
    rows = list(csv.DictReader(io.StringIO(deployment.read(f"reports/{run.run_id}/steps.csv").decode())))
    assert [int(row["accepted"]) for row in rows] == [step["accepted"] for step in run.output["steps"]]


# How right it is, bench/accuracy.py measures in virtual time. Here a quick run counts for twelve seconds.
WITHIN = 0.08


@pytest.mark.parametrize(
    "name", [scenario.name for scenario in ANSWERED if scenario.verdict == "ok" and scenario.name != "images-compared"]
)
def test_the_number_is_what_the_model_carries(executions: dict[str, Execution], name: str) -> None:
    run = executions[name]
    answer = run.output

    ups = [move["at"] for move in run.model["transitions"] if move["to"] == "STARTING"]
    carried = carried_tps(run.model, until=ups[1] if "scaling" in answer else math.inf)
    can_carry = answer["inferenceUnits"] * run.model["trueTpsPerInferenceUnit"]
    assert answer["verdict"] == "ok", str(run)
    # A client that got too little of this machine asks for too little, and may find that, but never more than there is.
    assert (1 - WITHIN) * carried <= answer["maxTps"]["estimate"] <= (1 + WITHIN) * can_carry, f"{carried} {run}"
    assert answer["maxTps"]["low"] <= answer["maxTps"]["estimate"] <= answer["maxTps"]["high"]
    assert answer["tpsPerInferenceUnit"] == pytest.approx(
        answer["maxTps"]["estimate"] / answer["inferenceUnits"], abs=1e-3
    )


def test_a_model_that_queues_is_measured_by_its_answers(executions: dict[str, Execution]) -> None:
    run = executions["never-throttling"]

    assert run.output["verdict"] == "latency-bound", str(run)
    assert run.output["maxTps"]["estimate"] == pytest.approx(run.model["trueTps"], rel=0.15), str(run)


@pytest.mark.parametrize(("name"), ["account-throttling", "not-saturated"])
def test_a_ceiling_that_was_not_seen_is_not_made_up(executions: dict[str, Execution], name: str) -> None:
    run = executions[name]

    assert run.output["verdict"] == run.scenario.verdict, str(run)
    assert run.output["maxTps"]["high"] is None
    assert run.output["maxTps"]["estimate"] <= 1.03 * run.model["trueTpsPerInferenceUnit"]


def test_a_second_measurement_tells_what_more_units_carry(executions: dict[str, Execution]) -> None:
    run = executions["scaling-verified"]
    scaling, advice = run.output["scaling"], run.output["recommendation"]

    assert [move["to"] for move in run.model["transitions"]] == 2 * ["STARTING", "RUNNING", "STOPPING", "STOPPED"]
    assert scaling["inferenceUnits"] == 2
    assert scaling["efficiency"]["estimate"] == pytest.approx(0.7, abs=0.08), str(run)
    assert scaling["efficiency"]["high"] < 1
    assert (advice["minInferenceUnits"], advice["maxInferenceUnits"]) == (2, 4)
    assert {step.get("series") for step in run.output["steps"]} == {None, "scaling"}


def test_a_clean_rate_and_its_latency_are_given(executions: dict[str, Execution]) -> None:
    run = executions["token-bucket"]
    answer = run.output

    assert 0.8 * answer["maxTps"]["low"] < answer["cleanTps"]["rate"] < answer["maxTps"]["estimate"], str(run)
    assert 0.03 < answer["cleanTps"]["throttleRatioBelow"] < 0.1
    latency = answer["latencyMs"]
    # The model takes 180 ms on average and the client adds what it waits: in order, and not less than the model.
    told = [latency[name] for name in ("p50", "p95", "p99") if latency[name] is not None]
    assert latency["p50"] > 120
    assert told == sorted(told)


def test_several_workers_share_a_step(executions: dict[str, Execution]) -> None:
    assert max(step["workers"] for step in executions["token-bucket"].output["steps"]) >= 2


def test_a_batch_gets_its_units_and_hours(executions: dict[str, Execution]) -> None:
    """36,000 images in 3 h are 3.3 TPS: two inference units of 2.5 TPS, which need two hours."""
    answer = executions["found-running"].output
    recommendation = answer["recommendation"]

    assert recommendation["minInferenceUnits"] == recommendation["maxInferenceUnits"] == 2
    hours = 36_000 / (2 * answer["tpsPerInferenceUnit"]) / 3600
    assert recommendation["batch"]["hours"] == pytest.approx(hours, rel=0.01)


def test_a_demand_from_cloudwatch_is_carried_scaled_and_planned(executions: dict[str, Execution]) -> None:
    """8.7 TPS on average and 12 at most, in two weeks' eight hours each, for units of 5 TPS."""
    recommendation = executions["token-bucket"].output["recommendation"]

    assert (recommendation["minInferenceUnits"], recommendation["maxInferenceUnits"]) == (2, 3)
    assert recommendation["demand"]["minutes"] == 960
    assert recommendation["demand"]["averageTps"] == pytest.approx(8.73, abs=0.02)
    assert recommendation["demand"]["ofThisModel"]
    assert recommendation["carried"]["requestsShare"] > 0.99
    assert 0 < recommendation["autoScaling"]["throttledShare"] < 0.1
    assert 16 <= recommendation["plan"]["hoursOnPerWeek"] <= 18
    assert recommendation["plan"]["usdPerMonth"] < recommendation["plan"]["alwaysOnUsdPerMonth"] / 4


def test_a_model_found_running_is_measured_as_it_is_and_stopped(executions: dict[str, Execution]) -> None:
    run = executions["found-running"]

    assert run.output["inferenceUnits"] == 2
    assert run.output["model"]["statusBefore"] == "RUNNING"
    assert "StartProjectVersion" not in run.model["calls"]


def test_both_ways_of_sending_and_three_sizes_are_compared_after_the_answer(executions: dict[str, Execution]) -> None:
    """Its capacity is shared out by what its images cost, and by S3 it is half of that."""
    run = executions["images-compared"]
    answer = run.output
    compared = answer["imageComparison"]

    carried = {
        row.get("source") or row["size"]: row["maxTps"]["estimate"]
        for row in (*compared["sources"], *compared["sizes"])
    }
    truth = ModelTruth(**run.model["truth"])
    true_tps = {
        row["size"]: truth.tps_per_iu / (1 + truth.image_cost_per_mb * row["averageBytes"] / 1e6)
        for row in compared["sizes"]
    }
    assert compared["notMeasured"] == []
    assert compared["fasterSource"] == "bytes", str(run)
    # A client that got too little of this machine finds less, but one variant as much as the other.
    assert carried["bytes"] > 1.5 * carried["s3"], str(run)
    assert carried["small"] > carried["medium"] > carried["large"], str(run)
    for size, true in true_tps.items():
        assert 0.5 * true < carried[size] <= 1.25 * true, f"{size} {run}"
    assert "bytes is the faster way" in compared["detail"]
    assert [step["series"] for step in answer["steps"] if step["phase"] == "compare"] == [
        "s3",
        "bytes",
        "small",
        "large",
        "medium",
    ]


def test_skipped_objects_are_listed(executions: dict[str, Execution]) -> None:
    (skipped,) = executions["token-bucket"].output["images"]["skipped"]

    assert skipped["key"] == "samples/notes.txt"
    assert "neither JPEG nor PNG" in skipped["reason"]


def test_hostile_objects_are_listed_and_the_run_goes_on(executions: dict[str, Execution]) -> None:
    answer = executions["hostile-images-in-s3-and-lost-replies"].output

    reasons = {image["key"]: image["reason"] for image in answer["images"]["skipped"]}
    listed = {f"{PREFIX}{name}" for name in (*HOPELESS, *REFUSED_BY_THE_MODEL)}
    assert reasons.keys() == listed
    assert all(reasons[f"{PREFIX}{name}"].startswith(reason) for name, (_, reason) in HOPELESS.items())
    assert answer["images"]["found"] - answer["images"]["used"] == len(listed)
    assert " images were left out (" in answer["verdictDetail"]


def test_a_model_in_use_is_left_as_it_was_found(executions: dict[str, Execution]) -> None:
    run = executions["in-use"]

    assert "other clients sent this model 120 requests" in run.described["cause"]
    assert run.model["transitions"] == []
    assert run.model["totals"]["sent"] == 0


def test_a_model_measured_beside_others_says_so(executions: dict[str, Execution]) -> None:
    answer = executions["given-back-beside-others"].output

    assert answer["otherTraffic"] == {"requests": 120, "minutes": 5, "ofThisModel": True}


@pytest.mark.parametrize(
    ("name", "moves"),
    [
        ("given-back-beside-others", []),
        ("given-back-with-its-units", 2 * ["STOPPING", "STOPPED", "STARTING", "RUNNING"]),
    ],
)
def test_a_model_that_is_given_back_has_its_inference_units(
    executions: dict[str, Execution], name: str, moves: list[str]
) -> None:
    run = executions[name]

    assert [transition["to"] for transition in run.model["transitions"]] == moves
    most = 3 if moves else None
    assert (run.model["minInferenceUnits"], run.model["maxInferenceUnits"]) == (2, most)
    assert run.output["inferenceUnits"] == (1 if moves else 2)


def test_an_answer_that_is_applied_leaves_the_model_running_with_its_units(executions: dict[str, Execution]) -> None:
    run = executions["applied"]

    assert [transition["to"] for transition in run.model["transitions"]] == [
        "STARTING",
        "RUNNING",
        "STOPPING",
        "STOPPED",
        "STARTING",
        "RUNNING",
    ]
    assert (run.model["minInferenceUnits"], run.model["maxInferenceUnits"]) == (2, 3)
    assert run.output["applied"] is True
    assert "2 to 3 inference units, as was read back, and costs $8.00 per hour" in run.output["appliedDetail"]
    left = run.output["model"]
    assert (left["minInferenceUnits"], left["maxInferenceUnits"], left["usdPerHour"]) == (2, 3, 8.0)


@by_name(*ANSWERED)
def test_the_first_run_of_a_model_says_that_there_is_none_to_compare_with(
    executions: dict[str, Execution], name: str
) -> None:
    answer = executions[name].output

    assert answer["comparedWith"] == {"sameModel": None, "versionBefore": None}
    assert answer["regression"] is False


def test_a_run_that_failed_stays_in_the_history(executions: dict[str, Execution], deployment: Deployment) -> None:
    run = executions["stops-by-itself"]
    (kept,) = deployment.aws.client("dynamodb").query(
        TableName=deployment.outputs.runs_table,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :run)",
        ExpressionAttributeValues={":pk": {"S": f"MODEL#{run.model['modelArn']}"}, ":run": {"S": "RUN#"}},
    )["Items"]

    assert (kept["runId"]["S"], kept["error"]["S"]) == (run.run_id, "ModelLost")
    assert kept["cause"]["S"] == run.described["cause"]
    assert "verdict" not in kept


def test_a_run_over_its_time_keeps_what_it_had_measured(
    executions: dict[str, Execution], deployment: Deployment
) -> None:
    (item,) = [each for each in deployment.items(executions["takes-too-long"].run_id) if each["sk"]["S"] == "RUN"]

    kept = json.loads(item["measuredSoFar"]["S"])
    # On a busy machine its minute may be over before the ramp is.
    assert [step["phase"] for step in kept["steps"][:2]] in (["probe"], ["probe", "ramp"])
    assert kept["requests"]["accepted"] > 0
    assert json.loads(item["receipt"]["S"])["settled_by"] == "finally"


@by_name(*SCENARIOS)
def test_no_lease_is_left(executions: dict[str, Execution], deployment: Deployment, name: str) -> None:
    key = {"pk": {"S": f"MODEL#{executions[name].model['modelArn']}"}, "sk": {"S": "LEASE"}}

    kept = deployment.aws.client("dynamodb").get_item(TableName=deployment.outputs.runs_table, Key=key)

    assert "Item" not in kept
