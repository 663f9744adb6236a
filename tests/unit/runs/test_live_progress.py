"""How far a run has come: the estimate before the end is the one of the end, or none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from iu_tuner.contract.output.json_values import to_json
from lambdas.capacity.search import next_move
from lambdas.capacity.step_plans import SearchLimits
from lambdas.load.counts import StepCounts
from lambdas.load.measured_step import MeasuredStep
from lambdas.load.step import StepPlan
from lambdas.runs.live_progress import estimate_so_far, live_progress
from simulation.samples.run import probe
from tests.unit.capacity.test_search import measured, phases

MODELS: tuple[dict[str, Any], ...] = (
    {"tps_per_iu": 5.0},
    {"tps_per_iu": 45.0, "mode": "quick"},
    {"tps_per_iu": 8.0, "limiter": "executor_pool", "latency_cv": 0.2, "mode": "precise"},
    {"tps_per_iu": 10.0, "limiter": "unbounded_queue", "latency_cv": 0.3},
    {"tps_per_iu": 10.0, "limiter": "fixed_window", "window_s": 5.0},
)


def so_far(*done: Any) -> dict[str, Any]:
    told: dict[str, Any] = to_json(live_progress(*done))
    return told


def numbered(history: list[StepCounts]) -> list[MeasuredStep]:
    return [MeasuredStep(number, 0.0, 3.0, counts) for number, counts in enumerate([probe(0), *history])]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model.get("limiter", model["tps_per_iu"])))
def test_the_last_estimate_on_the_way_is_the_one_of_the_answer(model: dict[str, Any]) -> None:
    run = measured(**model)

    found = estimate_so_far(run.history)

    assert run.measurement.max_tps is not None
    assert found is not None
    assert found.estimate == pytest.approx(run.measurement.max_tps.estimate)
    assert found.high == run.measurement.max_tps.high


@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model.get("limiter", model["tps_per_iu"])))
def test_nothing_is_estimated_from_a_step_that_did_not_saturate_the_model(model: dict[str, Any]) -> None:
    run = measured(**model)

    on_the_way = [estimate_so_far(run.history[:done]) for done in range(len(run.history) + 1)]

    answer = run.measurement.max_tps
    assert answer is not None
    assert on_the_way[0] is None
    for found in filter(None, on_the_way):
        assert found.low <= answer.estimate * 1.1
        assert found.estimate == pytest.approx(answer.estimate, rel=0.1)


@pytest.mark.parametrize(
    "hindered",
    [
        {"tps_per_iu": 5000.0, "burst_s": 10.0},
        {"tps_per_iu": 60.0, "account_tps": 6.0},
        {"tps_per_iu": 20.0, "random_500_share": 0.3},
    ],
    ids=["never throttled", "the account's limit", "errors"],
)
def test_a_lower_bound_is_not_told_as_an_estimate(hindered: dict[str, Any]) -> None:
    run = measured(**hindered)

    assert [estimate_so_far(run.history[: n + 1]) for n in range(len(run.history))] == [None] * len(run.history)


def test_a_step_whose_workers_were_lost_tells_nothing() -> None:
    run = measured(tps_per_iu=5.0)
    (saturated,) = [counts for counts in run.history if counts.plan.phase == "ramp"]

    lost = replace(saturated, plan=replace(saturated.plan, workers=9))

    assert estimate_so_far([replace(saturated, workers=[])]) is None
    assert estimate_so_far([lost]) is None


def test_the_item_says_step_counts_and_estimate() -> None:
    run = measured(tps_per_iu=5.0)
    assert phases(run) == ["ramp", "confirm", "look"]
    plan = run.history[1].plan

    told = so_far(numbered(run.history[:1]), plan)

    ramp = run.history[0]
    load = {"concurrency": plan.lanes, "workers": plan.workers}
    seconds = {"startsInSeconds": plan.wait_s, "plannedSeconds": pytest.approx(plan.base_s + plan.paced_s, abs=0.05)}
    seconds |= {"longestSeconds": pytest.approx(plan.longest_s, abs=0.05)}
    seconds |= {"pacedSeconds": pytest.approx(plan.paced_s, abs=0.05), "pacedTps": pytest.approx(plan.paced_tps, 0.01)}
    assert told["step"] == {"number": 2, "phase": "confirm", **load, **seconds}
    assert (told["accepted"], told["throttled"], told["failed"]) == (sum(ramp.accepted), sum(ramp.throttled), 0)
    assert told["estimate"]["tps"] == pytest.approx(5.0, rel=0.05)
    assert [row["phase"] for row in told["steps"]] == ["probe", "ramp"]


def test_before_the_first_step_only_its_plan_is_known() -> None:
    first = next_move([], SearchLimits())
    assert isinstance(first, StepPlan)

    told = so_far(numbered([]), first)

    assert told["step"]["number"] == 1
    assert told["accepted"] == told["throttled"] == told["failed"] == 0
    assert "estimate" not in told


def test_when_all_is_measured_no_step_is_under_way() -> None:
    run = measured(tps_per_iu=5.0)

    assert "step" not in so_far(numbered(run.history), None)


def test_a_step_of_another_series_says_so_and_leaves_the_estimate() -> None:
    run = measured(tps_per_iu=5.0)
    other = StepPlan("compare", 8, 1, 16.0, 16.0, 16.0, series="s3")

    told = so_far(numbered(run.history), other)

    assert told["step"]["series"] == "s3"
    assert told["estimate"] == so_far(numbered(run.history), None)["estimate"]
