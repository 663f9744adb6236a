"""A comparison of images in the handlers: what a worker sends for a series, and which steps are planned."""

from __future__ import annotations

import time
from typing import Any

import pytest

from iu_tuner.contract.errors import BudgetExceeded
from iu_tuner.contract.output.json_values import to_json
from lambdas.load.measured_step import MeasuredStep
from lambdas.runs.store import RunStore, run_store
from local.simulated_model.model_spec import ModelTruth
from simulation.image_comparison import images_of_sizes, run_compared, run_with
from tests.states.conftest import BUCKET, Stack, picture
from tests.states.test_load import counts, running, short_step


def with_sizes(stack: Stack, truth: ModelTruth) -> str:
    """A model that runs for a run of twelve images, four of each size."""
    for index in range(4):
        stack.upload(f"samples/medium-{index}.png", picture(200 + index))
        stack.upload(f"samples/large-{index}.png", picture(400 + index))
    return running(stack, truth, images={"compare": True}, test={"mode": "quick"})


def step_of(number: int, series: str) -> dict[str, Any]:
    return short_step(number=number, series=series, base_s=0.4, extended_s=0.4, max_s=0.4)


def keep(store: RunStore, number: int, step: MeasuredStep) -> None:
    store.plan_step(number, step.counts.plan, time.time(), 3.0)
    for worker, its_counts in enumerate(step.counts.workers):
        store.put_counts(number, worker, its_counts)


def measured(stack: Stack) -> tuple[list[MeasuredStep], list[MeasuredStep]]:
    """A run that has its answer; its steps, and those of a comparison that goes on from there."""
    with_sizes(stack, ModelTruth(tps_per_iu=12))
    stack.probe()
    images = images_of_sizes(30_000, 35_000, 40_000, 45_000, 50_000, 60_000)
    steps = run_compared(ModelTruth(tps_per_iu=12), run_with(images, mode="quick")).steps
    main = [step for step in steps if step.counts.plan.series == "main"]
    for number, step in enumerate(main, start=1):
        keep(run_store(stack.run_id), number, step)
    return main, [step for step in steps if step.counts.plan.series != "main"]


def test_a_worker_sends_the_images_of_its_series_the_series_way(stack: Stack) -> None:
    truth = ModelTruth(tps_per_iu=1000, latency_mean_s=0.05, s3_throttle_share=1.0)
    arn = with_sizes(stack, truth)
    stack.apply(step_of(1, "small"))
    after_small = stack.service.model_report(arn)["differentImages"]
    stack.apply(step_of(2, "bytes"))
    after_all, failed = stack.service.model_report(arn)["differentImages"], counts(stack)["failed"]

    stack.apply(step_of(3, "s3"))

    assert (after_small, after_all, failed) == (4, 12, 0)
    assert counts(stack)["S3DownloadLimitExceeded"] == counts(stack)["failed"] > 0


def test_images_at_hand_are_not_read_again_for_another_series(stack: Stack) -> None:
    with_sizes(stack, ModelTruth(tps_per_iu=1000, latency_mean_s=0.05))
    stack.apply(step_of(1, "main"))
    for found in stack.s3.list_objects_v2(Bucket=BUCKET, Prefix="samples/")["Contents"]:
        stack.s3.delete_object(Bucket=BUCKET, Key=found["Key"])
    accepted = counts(stack)["accepted"]

    stack.apply(step_of(2, "large"))

    assert counts(stack)["accepted"] > accepted


def test_after_the_answer_the_comparison_is_planned_step_by_step_and_told(stack: Stack) -> None:
    main, compared = measured(stack)

    planned: list[dict[str, Any]] = []
    while step := stack.plan():
        planned.append(step)
        series = step["series"]
        keep(
            run_store(stack.run_id),
            step["number"],
            next(each for each in compared if each.counts.plan.series == series),
        )
    stack.recommend()

    assert [(step["phase"], step["series"]) for step in planned] == [
        ("compare", series) for series in ("s3", "bytes", "small", "large", "medium")
    ]
    assert planned[0]["number"] == len(main) + 1
    found = to_json(run_store(stack.run_id).load_measurement())
    assert found["verdict"] == "ok"
    assert [row["source"] for row in found["imageComparison"]["sources"]] == ["bytes", "s3"]
    assert [row["series"] for row in found["steps"][-5:]] == ["s3", "bytes", "small", "large", "medium"]
    assert stack.run_item()["liveProgress"]["estimate"]["tps"] == pytest.approx(12, rel=0.05)


def test_a_limit_that_is_passed_by_the_comparison_leaves_the_answer(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    main, compared = measured(stack)
    too_late = time.time() + 91 * 60
    monkeypatch.setattr("lambdas.tuning.next_step.time.time", lambda: too_late)
    with pytest.raises(BudgetExceeded):
        stack.plan()
    keep(run_store(stack.run_id), len(main) + 1, compared[0])

    assert stack.plan() is None

    stack.recommend()
    (*_, last) = to_json(run_store(stack.run_id).load_measurement())["imageComparison"]["notMeasured"]
    assert last["why"] == "limits.maxMinutes = 90 leaves no room for it"
