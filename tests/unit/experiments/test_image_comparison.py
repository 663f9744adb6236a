"""The comparison of images finds the differences there are, claims no others, and leaves the answer alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iu_tuner.contract.errors import ModelLost
from iu_tuner.contract.output.json_values import to_json
from iu_tuner.contract.output.measured import NotMeasured
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.verdicts.account_quota import TpsQuota
from lambdas.experiments.image_comparison import compared_images, min_lead_s, next_comparison
from lambdas.experiments.variant_rate import is_above
from lambdas.images.image import SkippedImage
from lambdas.load.counts import StepCounts
from lambdas.load.measured_step import COLD_START_LEAD_S, MeasuredStep
from lambdas.load.step import Series, StepPlan
from lambdas.runs.budget import Remaining
from lambdas.runs.progress import Progress
from lambdas.runs.run import Run
from lambdas.tuning.output import findings
from local.simulated_model.model_spec import LIMITERS, ModelTruth
from simulation.image_comparison import (
    ENDLESS,
    ComparedRun,
    claim,
    image_costs,
    images_of_sizes,
    run_compared,
    run_with,
)

IMAGES = images_of_sizes(*range(100_000, 1_300_000, 50_000))
POOL = ModelTruth(tps_per_iu=40, limiter="executor_pool", latency_cv=0.3, image_cost_per_mb=2, s3_extra_cost=0.5)
VARIANTS: tuple[Series, ...] = ("bytes", "s3", "small", "medium", "large")
Damage = Callable[[StepPlan, StepCounts], StepCounts]


def of(compared: ComparedRun) -> dict[str, Any]:
    assert compared.comparison is not None
    found: dict[str, Any] = to_json(compared.comparison)
    return found


def rates(comparison: dict[str, Any]) -> dict[str, dict[str, float]]:
    rows = [*comparison["sources"], *comparison["sizes"]]
    return {row.get("source") or row["size"]: row["maxTps"] for row in rows}


def series_of(steps: tuple[MeasuredStep, ...]) -> list[str]:
    return [step.counts.plan.series for step in steps if step.counts.plan.phase == "compare"]


def replayed(run: Run, compared: ComparedRun, damage: Damage) -> tuple[list[str], dict[str, Any]]:
    """The same run with some steps of its comparison damaged: the series in the order in which they were asked for."""
    steps = [step for step in compared.steps if step.counts.plan.phase != "compare"]
    whole = {step.counts.plan.series: step.counts for step in compared.steps}
    asked: list[str] = []
    while plan := next_comparison(steps, run, Progress(), compared.measurement, ENDLESS):
        asked.append(plan.series)
        steps.append(MeasuredStep(len(steps), 0.0, 3.0, damage(plan, whole[plan.series])))
    comparison = compared_images(steps, run, Progress(), compared.measurement, ENDLESS)
    assert comparison is not None
    return asked, to_json(comparison)


def losing(series: Series) -> Damage:
    return lambda plan, counts: replace(counts, workers=[]) if plan.series == series else counts


def failing(series: Series, error: str) -> Damage:
    def fail(plan: StepPlan, counts: StepCounts) -> StepCounts:
        if plan.series != series:
            return counts
        nothing = [
            replace(each, accepted=[], throttled=[], completed=[], failed=[9], failures={error: 9})
            for each in counts.workers
        ]
        return replace(counts, workers=nothing)

    return fail


# --- what it finds


@pytest.mark.parametrize("mode", ["quick", "standard"])
def test_a_rate_limiter_carries_all_images_alike(mode: Any) -> None:
    truth = ModelTruth(tps_per_iu=7, image_cost_per_mb=1, s3_extra_cost=0.2)

    found = of(run_compared(truth, run_with(IMAGES, mode=mode)))

    assert found["fasterSource"] is None
    assert "Neither way was seen to be faster" in found["detail"]
    assert "No difference by size was seen" in found["detail"]
    assert rates(found).keys() == {"bytes", "s3", "small", "medium", "large"}
    assert all(rate["low"] <= 7 <= rate["high"] for rate in rates(found).values())
    assert found["notMeasured"] == []


@pytest.mark.parametrize("limiter", ["executor_pool", "unbounded_queue"])
@pytest.mark.parametrize("mode", ["quick", "standard"])
def test_a_pool_is_slower_with_large_images_and_by_s3(limiter: Any, mode: Any) -> None:
    run, missed, faster = run_with(IMAGES, mode=mode), [], []
    for seed in range(4):
        truth = replace(POOL, limiter=limiter, seed=seed)

        found = of(run_compared(truth, run, seed=seed))

        faster.append(found["fasterSource"])
        assert ("bytes is the faster way" in found["detail"]) == (faster[-1] == "bytes")
        assert "Small images are faster" in found["detail"]
        for name in VARIANTS:
            costs, rate = image_costs(truth, run, name), rates(found)[name]
            carried = truth.true_tps(1, sum(costs) / len(costs))
            missed += [] if rate["low"] <= carried <= rate["high"] else [(seed, name, carried, rate)]
    assert len(missed) <= 2, missed  # of 20, by intervals of 95 %
    # The short steps of quick mode may not tell them apart; they never say the contrary.
    assert faster.count("bytes") >= (3 if mode == "quick" else 4) and "s3" not in faster


def test_a_row_tells_its_images_and_latencies() -> None:
    found = of(run_compared(POOL, run_with(IMAGES)))

    small, _, large = found["sizes"]
    assert (small["images"], small["leastBytes"], small["mostBytes"]) == (8, 100_000, 450_000)
    assert small["averageBytes"] == 275_000
    assert small["p50Ms"] < large["p50Ms"]
    assert [row["images"] for row in found["sources"]] == [24, 24]
    assert found["sources"][0]["averageBytes"] == 675_000


def test_all_steps_have_twice_the_concurrency_that_saturated_and_one_of_a_pair_goes_before_and_after_the_other() -> (
    None
):
    standard, quick = (run_compared(POOL, run_with(IMAGES, mode=mode)) for mode in ("standard", "quick"))

    assert series_of(standard.steps) == ["s3", "bytes", "s3", "small", "large", "small", "medium"]
    assert series_of(quick.steps) == ["s3", "bytes", "small", "large", "medium"]
    lanes = {step.counts.plan.lanes for step in standard.steps if step.counts.plan.phase == "compare"}
    assert lanes == {2 * standard.measurement.concurrency} == {of(standard)["concurrency"]}


@pytest.mark.parametrize(
    ("truth", "mode", "seconds"),
    [
        ({"tps_per_iu": 20}, "quick", 12.0),
        ({"tps_per_iu": 20}, "standard", 16.0),
        ({"tps_per_iu": 3}, "standard", 20.0),
        ({"tps_per_iu": 20, "latency_mean_s": 6.0}, "standard", 30.0),
    ],
)
def test_a_slow_model_is_given_longer_steps(truth: dict[str, float], mode: Any, seconds: float) -> None:
    steps = run_compared(ModelTruth(**truth), run_with(IMAGES, mode=mode)).steps  # type: ignore[arg-type]

    (longest_s,) = {step.counts.plan.longest_s for step in steps if step.counts.plan.phase == "compare"}
    assert longest_s == pytest.approx(seconds, abs=1)


# --- what it does not claim


@pytest.mark.parametrize(
    ("one", "other", "above"),
    [
        (Interval(5, 4.8, 5.2), Interval(4, 3.8, 4.2), True),
        (Interval(5, 4.2, 5.8), Interval(4, 3.8, 4.2), False),
        (Interval.lower_bound(5), Interval(4, 3.8, 4.2), False),
        (Interval(5, 4.8, 5.2), Interval.lower_bound(4), False),
    ],
)
def test_faster_is_what_lies_beyond_both_intervals(one: Interval, other: Interval, above: bool) -> None:
    assert is_above(one, other) is above


def test_where_there_is_no_difference_hardly_one_is_claimed() -> None:
    """At most 5 %; `python -m simulation.image_comparison` measures it on all services and a hundred seeds."""
    claims = [claim((name, seed, "quick")) for name in ("bucket-5", "pool-10", "queue-20") for seed in range(10)]

    assert all(compared for compared, _, _ in claims)
    assert sum(by_way for _, by_way, _ in claims) <= 1
    assert sum(by_size for _, _, by_size in claims) <= 1


@pytest.mark.parametrize(("mode", "period_s"), [("quick", 60.0), ("standard", 60.0), ("standard", 120.0)])
def test_a_capacity_that_moves_is_no_difference(mode: Any, period_s: float) -> None:
    for seed in range(5):
        truth = ModelTruth(tps_per_iu=30, drift_amplitude=0.2, drift_period_s=period_s, seed=seed)

        found = of(run_compared(truth, run_with(IMAGES, mode=mode), seed=seed))

        assert found["fasterSource"] is None
        assert found["detail"].startswith("The model's capacity moved while it was measured")
        assert "images are faster" not in found["detail"]


def test_the_same_images_sent_the_same_way_have_to_tell_the_answer_s_rate_again() -> None:
    run = run_with(IMAGES)
    compared = run_compared(ModelTruth(tps_per_iu=20), run)
    was_faster = replace(compared.measurement, max_tps=Interval(25, 24.5, 25.5))

    found = compared_images(compared.steps, run, Progress(), was_faster, ENDLESS)
    by_s3 = compared_images(compared.steps, replace(run, source="s3"), Progress(), was_faster, ENDLESS)

    assert all("capacity moved" in each.detail for each in (found, by_s3) if each)


def test_a_way_that_never_saturates_the_model_is_a_lower_bound() -> None:
    truth = ModelTruth(tps_per_iu=10, latency_mean_s=0.2, s3_extra_cost=30)

    found = of(run_compared(truth, run_with(IMAGES, max_concurrency=8)))

    assert rates(found)["s3"]["high"] is None
    assert rates(found)["s3"]["low"] < 10
    assert found["fasterSource"] is None
    assert "Not saturated at 8 concurrent requests, so lower bounds: s3" in found["detail"]


@pytest.mark.parametrize(
    ("truth", "limits", "why"),
    [
        ({"tps_per_iu": 500}, {"max_concurrency": 8}, "not brought to its maximum (not-saturated)"),
        ({"tps_per_iu": 60, "account_tps": 6}, {}, "not brought to its maximum (account-throttled)"),
        ({"tps_per_iu": 50}, {"tps_quota": TpsQuota()}, "not brought to its maximum (account-throttled)"),
        ({"tps_per_iu": 4, "limiter": "fixed_window", "window_s": 10.0}, {}, "windows of several seconds"),
    ],
)
def test_without_a_maximum_nothing_is_compared(truth: dict[str, Any], limits: dict[str, Any], why: str) -> None:
    compared = run_compared(ModelTruth(**truth), replace(run_with(IMAGES), **limits))

    found = of(compared)
    assert series_of(compared.steps) == found["sources"] == found["sizes"] == []
    assert found["fasterSource"] is None
    assert found["detail"].startswith("Nothing was compared") and why in found["detail"]
    assert {each["what"] for each in found["notMeasured"]} == {"bytes", "s3", "sizes"}


def test_images_of_one_size_are_compared_by_the_way_alone() -> None:
    compared = run_compared(POOL, run_with(images_of_sizes(300_000, 310_000, 320_000)))

    found = of(compared)
    assert series_of(compared.steps) == ["s3", "bytes", "s3"]
    assert found["sizes"] == []
    assert found["notMeasured"] == [{"what": "sizes", "why": "the images are of about the same size"}]
    assert "Size was not compared: the images are of about the same size." in found["detail"]


def test_images_too_large_for_bytes_are_left_out_of_the_pair_and_counted() -> None:
    images = images_of_sizes(300_000, 600_000, 5_000_000)

    found = of(run_compared(POOL, run_with(images, source="s3")))
    alone = of(run_compared(POOL, run_with(images[2:], source="s3")))

    assert [row["images"] for row in found["sources"]] == [2, 2]
    assert "1 of 3 images were left out of that" in found["detail"]
    assert found["sizes"][-1]["mostBytes"] == 5_000_000
    assert {each["what"] for each in alone["notMeasured"]} == {"bytes", "s3", "sizes"}


# --- what goes wrong


def test_a_variant_whose_workers_are_lost_twice_is_left_out_and_the_others_are_measured() -> None:
    run = run_with(IMAGES)

    asked, found = replayed(run, run_compared(POOL, run), losing("s3"))

    assert asked == ["s3", "s3", "bytes", "small", "large", "small", "medium"]
    assert rates(found).keys() == {"bytes", "small", "medium", "large"}
    ((what, why),) = [(each["what"], each["why"]) for each in found["notMeasured"]]
    assert (what, "workers of a compare step were lost, twice" in why) == ("s3", True)
    assert found["fasterSource"] is None
    assert "The ways were not compared: s3: " in found["detail"]


def test_a_way_that_the_model_never_answers_is_left_out_with_its_errors() -> None:
    run = run_with(IMAGES)

    _, found = replayed(run, run_compared(POOL, run), failing("s3", "InvalidS3ObjectException"))

    (left_out,) = found["notMeasured"]
    assert left_out["what"] == "s3"
    assert "InvalidS3ObjectException x" in left_out["why"]


def test_a_variant_that_the_client_held_up_is_no_number() -> None:
    run = run_with(IMAGES)

    def slow(plan: StepPlan, counts: StepCounts) -> StepCounts:
        idle = [replace(each, client_utilization=0.4, throttled=[]) for each in counts.workers]
        return replace(counts, workers=idle) if plan.series == "bytes" else counts

    _, found = replayed(run, run_compared(POOL, run), slow)

    (left_out,) = found["notMeasured"]
    assert left_out == {"what": "bytes", "why": "the load workers could not keep their lanes busy"}


def test_a_model_that_is_lost_under_comparison_is_lost() -> None:
    run = run_with(IMAGES)

    with pytest.raises(ModelLost):
        replayed(run, run_compared(POOL, run), failing("large", "ResourceNotReadyException"))


def test_what_does_not_fit_into_the_limits_is_not_begun() -> None:
    left = Remaining(3600.0, "limits.maxMinutes = 4")

    compared = run_compared(POOL, run_with(IMAGES), remaining=left, most_steps=2)

    found = of(compared)
    assert series_of(compared.steps) == ["s3", "bytes"]
    assert found["fasterSource"] == "bytes"
    assert found["notMeasured"] == [
        {"what": size, "why": "limits.maxMinutes = 4 leaves no room for it"} for size in ("small", "large", "medium")
    ]


def test_a_step_needs_time_for_its_workers_and_its_last_answers() -> None:
    run = run_with(IMAGES)
    compared = run_compared(POOL, run)
    main = [step for step in compared.steps if step.counts.plan.phase != "compare"]

    plans = [
        next_comparison(main, run, Progress(), compared.measurement, Remaining(seconds, "limits.maxMinutes = 9"))
        for seconds in (40.0, 80.0)
    ]

    assert plans[0] is None
    assert plans[1] is not None


def test_refused_images_are_in_no_step() -> None:
    run = run_with(images_of_sizes(100_000, 900_000))
    compared = run_compared(POOL, run)
    refused = Progress(refused_images=(SkippedImage("samples/01.jpg", "no"),))

    found = compared_images(compared.steps, run, refused, compared.measurement, ENDLESS)

    assert found is not None
    assert [row.images for row in found.sources] == [1, 1]
    assert NotMeasured("sizes", "there is one image") in found.not_measured


# --- the rest of the run


def test_without_being_asked_for_nothing_is_compared() -> None:
    compared = run_compared(POOL, run_with(IMAGES, compare=False))

    assert compared.comparison is None
    assert series_of(compared.steps) == []


@settings(max_examples=25, deadline=None)
@given(
    limiter=st.sampled_from(LIMITERS),
    tps=st.floats(2, 60),
    seed=st.integers(0, 1000),
    mode=st.sampled_from(["quick", "standard"]),
    source=st.sampled_from(["bytes", "s3"]),
)
def test_the_answer_is_that_of_a_run_without_comparison(
    limiter: Any, tps: float, seed: int, mode: Any, source: Any
) -> None:
    truth = ModelTruth(tps_per_iu=tps, limiter=limiter, seed=seed, image_cost_per_mb=1, s3_extra_cost=0.3)

    answers = []
    for compare in (False, True):
        run = run_with(IMAGES, compare=compare, mode=mode, source=source)
        compared = run_compared(truth, run, seed=seed)
        answer = to_json(findings(run, compared.steps, compared.measurement))
        answers.append({name: value for name, value in answer.items() if name not in ("steps", "requests")})

    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("own", "before", "series", "workers", "lead_s"),
    [
        pytest.param("bytes", 2, "s3", 2, 0.0, id="all at hand"),
        pytest.param("bytes", 1, "s3", 2, COLD_START_LEAD_S, id="a worker is new"),
        pytest.param("s3", 2, "bytes", 2, COLD_START_LEAD_S, id="images have to be read"),
        pytest.param("bytes", 2, "bytes", 2, 0.0, id="images were read"),
    ],
)
def test_workers_that_are_new_or_read_images_first_get_the_time_for_it(
    own: Any, before: int, series: Series, workers: int, lead_s: float
) -> None:
    ramp = StepPlan("ramp", 8, before, 4.0, 4.0, 4.0)
    plan = StepPlan("compare", 8, workers, 16.0, 16.0, 16.0, series=series)

    least = min_lead_s([MeasuredStep(1, 0.0, 3.0, StepCounts(ramp, []))], run_with([], source=own), plan)

    assert least == lead_s
