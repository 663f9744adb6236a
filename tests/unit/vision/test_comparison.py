"""Documented numbers, intervals, thresholds, assertions and cost of a comparison."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.vision.coverage import covered
from iu_tuner.exit_codes import UsageError
from iu_tuner.vision.compare.assertion import Assertion
from iu_tuner.vision.compare.money import RunningCosts, break_even_images, with_run
from iu_tuner.vision.formats.labels import Label, count_at
from iu_tuner.vision.statistics.calibration import calibration
from iu_tuner.vision.statistics.intervals import Interval, Resamples, difference, student_t, wilson
from iu_tuner.vision.statistics.thresholds import Curve, ErrorCosts, halves
from tests.support.detection_worlds import Model, predictions, truth
from tests.unit.vision.comparing import Command

FIRST, SECOND = Model(found=0.8, invented=0.1), Model(found=0.5, invented=0.1, grow=1.3)


def counted(compare: Command, right: int, wrong: int, missed: int) -> dict[str, Any]:
    """The model's entry where it finds `right` objects, invents `wrong` and misses `missed`, one an image."""
    names = [f"{number}.jpg" for number in range(right + wrong + missed)]
    box = [10, 10, 40, 40]
    data = {
        "images": [{"id": name, "file_name": name, "width": 100, "height": 100} for name in names],
        "annotations": [
            {"id": number, "image_id": name, "category_id": 1, "bbox": box}
            for number, name in enumerate(names[: right + missed])
        ],
        "categories": [{"id": 1, "name": "bee"}],
    }
    hits = [*names[:right], *names[right + missed :]]
    found = [{"image_id": name, "category_id": 1, "bbox": box, "score": 0.9} for name in hits]
    done = compare(compare.file("t.json", data), "--threshold", "A=50", A=compare.file("p.json", found))
    model: dict[str, Any] = done.output["models"]["A"]
    return model


@pytest.mark.parametrize(
    ("right", "wrong", "missed", "precision", "recall", "f1"),
    [
        (9, 1, 0, 0.9, 1.0, 0.947),
        (3, 7, 0, 0.3, 1.0, 0.46),
        (19, 1, 76, 0.95, 0.2, 0.33),
        (8, 1, 0, 0.89, 1.0, 0.94),
        (5, 0, 3, 1.0, 0.62, 0.77),
        (99, 1, 11, 0.99, 0.9, 0.943),
    ],
)
def test_rates_are_those_of_the_services_documentation(
    compare: Command, right: int, wrong: int, missed: int, precision: float, recall: float, f1: float
) -> None:
    model = counted(compare, right, wrong, missed)

    assert (model["truePositives"], model["falsePositives"], model["falseNegatives"]) == (right, wrong, missed)
    assert model["precision"]["value"] == pytest.approx(precision, abs=0.006)
    assert model["recall"]["value"] == pytest.approx(recall, abs=0.006)
    assert model["f1"]["value"] == pytest.approx(f1, abs=0.006)


def test_counts_at_thresholds_are_those_of_the_article() -> None:
    custom_labels = tuple(Label("bee", score) for score in (*[99.5] * 6, *[95.0] * 9, 60.0))
    own_model = tuple(Label("bee", score) for score in (82.0, *[55.0] * 6, 30.0))

    assert [count_at(custom_labels, least) for least in (99.4, 90)] == [6, 15]
    assert [count_at(own_model, least, "bee") for least in (81, 50)] == [1, 7]


def both(compare: Command, *options: str, images: int = 60, second: Model = SECOND) -> Any:
    data = truth(images, 5)
    return compare(
        compare.file("t.json", data),
        *options,
        **{
            "First": compare.file("a.json", predictions(data, FIRST, 1)),
            "Second": compare.file("b.json", predictions(data, second, 1)),
        },
    )


def test_the_verdict_says_what_differs_with_its_interval(compare: Command) -> None:
    done = both(compare, "--threshold", "First=30", "--threshold", "Second=30")

    gap = done.output["differences"][0]
    assert done.output["verdict"].startswith("First finds more bees: recall 0.")
    assert f"{gap['recall']['value']:+.2f} [{gap['recall']['low']:.2f}, {gap['recall']['high']:.2f}]" in done.out
    assert (gap["a"], gap["b"], gap["perClass"]["bee"]["f1"]) == ("First", "Second", gap["f1"])
    assert 0 < gap["ap50"]["low"] < gap["ap50"]["value"] < gap["ap50"]["high"]


def test_the_same_model_twice_differs_by_nothing(compare: Command) -> None:
    gap = both(compare, second=FIRST).output["differences"][0]

    for rate in ("precision", "recall", "f1", "ap50"):
        assert gap[rate]["value"] == 0
        assert gap[rate]["low"] <= 0 <= gap[rate]["high"]


def test_without_a_threshold_the_best_one_is_chosen_on_the_other_half(compare: Command) -> None:
    model = both(compare).output["models"]["First"]

    assert model["thresholdKind"] == "bestF1"
    assert 0 < model["threshold"] < 100


@pytest.mark.parametrize(
    ("assertion", "code"),
    [
        ("f1[bee].difference.low>0", 0),
        ("recall.difference>0.9", 1),
        ("ap50.First.value>=0.5", 0),
        ("f1[bee].Second.high<0.1", 1),
        ("f1[wasp].difference.low>0", 2),
        ("f1.Third.low>0", 2),
        ("ap.First.low>0", 2),
        ("ap75.difference.low>0", 2),
        ("verdict==ok", 2),
    ],
)
def test_an_assertion_holds_fails_or_is_refused(assertion: str, code: int) -> None:
    def models(low: float) -> dict[str, Any]:
        rates = {"f1": {"value": 0.5, "low": low, "high": 0.6}, "recall": {"value": 0.5, "low": low, "high": 0.6}}
        return {**rates, "ap50": {"value": 0.6, "low": low, "high": 0.7}, "perClass": {"bee": rates}}

    model = {**models(0.4), "ap50": 0.6, "ap75": 0.5, "ap": 0.5}
    output = {"models": {"First": model, "Second": model}, "differences": [models(0.1)]}
    if code == 2:
        with pytest.raises(UsageError, match="--assert: got"):
            Assertion.parse(assertion).failure(output)
        return
    failure = Assertion.parse(assertion).failure(output)
    assert (failure is None) == (code == 0)
    assert failure is None or failure.startswith(f"{assertion}: it is 0.")


def test_an_assertion_that_fails_ends_with_1(compare: Command) -> None:
    done = both(compare, "--assert", "f1[bee].difference.low>0", "--assert", "recall.difference>0.9")

    assert done.code == 1
    assert "f1[bee]" not in done.err
    assert "recall.difference>0.9: it is 0." in done.err


def test_few_images_have_no_interval_and_say_why(compare: Command) -> None:
    done = both(compare, "--assert", "f1.difference.low>0", images=20)

    assert done.output["models"]["First"]["recall"]["note"] == "no interval: 20 images, and it takes 30"
    assert done.code == 1
    assert "there is no such value, as there are too few images" in done.err


def test_assumed_thresholds_come_from_the_summary_of_the_training(compare: Command) -> None:
    summary = {"LabelEvaluationResults": [{"Label": "bee", "Metrics": {"Threshold": 0.6}}]}

    done = both(compare, "--assumed", f"First={compare.file('summary.json', summary)}")

    model = done.output["models"]["First"]
    assert (model["thresholdKind"], model["threshold"]) == ("assumed", 60)
    assert set(model["thresholds"]) == {"assumed", "bestF1"}


def test_costs_of_errors_choose_a_threshold(compare: Command) -> None:
    cheap_alarms = both(compare, "--cost-miss", "100", "--cost-false-alarm", "1").output["models"]["First"]
    dear_alarms = both(compare, "--cost-miss", "1", "--cost-false-alarm", "100").output["models"]["First"]

    assert cheap_alarms["thresholds"]["lowestCost"]["threshold"] < dear_alarms["thresholds"]["lowestCost"]["threshold"]
    errors = 100 * dear_alarms["falsePositives"] + dear_alarms["falseNegatives"]
    assert dear_alarms["errorUsdPer1000Images"] == pytest.approx(1000 * errors / 60)


def test_dollars_come_from_a_measured_run_and_two_models_break_even() -> None:
    output = {
        "tpsPerInferenceUnit": 5.0,
        "cost": {"pricePerInferenceUnitHourUsd": 4.0},
        "latencyMs": {"p50": 180, "p95": 260},
    }
    by_use = with_run(RunningCosts(), output)
    by_month = RunningCosts(usd_per_hour=1.0, is_always_on=True)

    assert by_use.usd_per_1000_images == pytest.approx(4 / 18)
    assert (by_use.p50_ms, by_use.p95_ms) == (180, 260)
    assert break_even_images(by_use, by_month) == pytest.approx(730 / (4 / 18000))
    assert break_even_images(by_use, by_use) is None
    assert break_even_images(by_use, RunningCosts()) is None


def test_the_page_and_the_stamp_say_what_was_compared(compare: Command) -> None:
    done = both(compare, "--price-per-hour", "First=4", "--tps", "First=5", "--training-hours", "First=1.5")

    stamp = done.output["provenance"]
    assert len(stamp["truthSha256"]) == 64
    assert stamp["predictionsSha256"]["First"] != stamp["predictionsSha256"]["Second"]
    assert stamp["truthSha256"] in done.page
    assert "0.222" in done.page
    assert both(compare).output["provenance"]["truthSha256"] == stamp["truthSha256"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--threshold", "C=9"], "takes a NAME of --predictions: First, Second"),
        (["--threshold", "First=101"], "takes 0 to 100"),
        (["--threshold", "First=nan"], "takes NAME=NUMBER"),
        (["--threshold", "First"], "takes NAME=VALUE"),
        (["--iou", "0"], "--iou: got 0.0"),
        (["--cost-miss", "3"], "--cost-false-alarm: got None"),
        (["--images", "/nowhere"], "there is no folder"),
        (["--always-on", "C"], "takes a NAME"),
        (["--run", "First=/nowhere"], "/nowhere"),
    ],
)
def test_a_wrong_option_is_refused_with_what_it_takes(compare: Command, options: list[str], sentence: str) -> None:
    done = both(compare, *options, images=2)

    assert done.code == 2
    assert sentence in done.err


def test_wilson_and_student_are_those_of_tables() -> None:
    assert wilson(20, 20) == (pytest.approx(0.8389, abs=1e-4), 1.0)
    assert wilson(0, 10) == (0.0, pytest.approx(0.2775, abs=1e-4))
    assert student_t(29) == pytest.approx(2.0452, abs=1e-4)
    assert student_t(99) == pytest.approx(1.9842, abs=1e-4)


def test_a_difference_of_two_perfect_shares_is_as_unsure_as_both() -> None:
    perfect = Interval(1.0, 0.84, 1.0)

    found = difference(perfect, perfect, np.zeros(2000), Resamples(40))

    assert (found.value, found.low, found.high) == (0, pytest.approx(-0.16), pytest.approx(0.16))


scores = st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=40)


@given(found=scores, missed=st.integers(0, 10))
def test_the_best_threshold_has_the_highest_f1_of_all(found: list[tuple[int, bool]], missed: int) -> None:
    score = np.array([float(each) for each, _ in found])
    right = np.array([each for _, each in found], dtype=bool)
    objects = int(right.sum()) + missed

    def f1(threshold: float) -> float:
        kept = score >= threshold
        return 2 * int((kept & right).sum()) / max(1, int(kept.sum()) + objects)

    best = Curve.of(score, right, objects).best()
    assert all(f1(best) >= f1(each) - 1e-12 for each in range(21)) or not found


@given(found=scores, missed=st.integers(0, 10), miss=st.integers(0, 5), alarm=st.integers(0, 5))
def test_the_cheapest_threshold_costs_least_of_all(
    found: list[tuple[int, bool]], missed: int, miss: int, alarm: int
) -> None:
    score = np.array([float(each) for each, _ in found])
    right = np.array([each for _, each in found], dtype=bool)
    objects = int(right.sum()) + missed

    def dollars(threshold: float) -> float:
        kept = score >= threshold
        return miss * (objects - int((kept & right).sum())) + alarm * int((kept & ~right).sum())

    best = Curve.of(score, right, objects).best(ErrorCosts(miss, alarm))
    assert all(dollars(best) <= dollars(each) + 1e-9 for each in (*range(21), 100))


def test_halves_depend_on_names_alone() -> None:
    keys = tuple(f"{number}.jpg" for number in range(101))
    first = halves(keys)
    turned = halves(keys[::-1])

    assert first.sum() == 50
    assert {key for key, there in zip(keys, first, strict=True) if there} == {
        key for key, there in zip(keys[::-1], turned, strict=True) if there
    }


def test_a_model_that_is_right_as_often_as_it_says_is_calibrated() -> None:
    score = np.repeat([95.0, 55.0], 200)
    right = np.concatenate([np.arange(200) < 190, np.arange(200) < 110])

    found = calibration(score, right)

    assert found.error == pytest.approx(0)
    assert [(each.low, each.count, each.right) for each in found.bins] == [(50, 200, 0.55), (90, 200, 0.95)]


def test_intervals_hold_the_true_value_in_most_worlds() -> None:
    shares = covered(8, with_hotcoco=False, population=1000)

    assert min(shares.values()) >= 5 / 8  # at 95 % fewer have a chance of 1 in 2,700


def test_the_command_line_names_the_extra_that_is_missing(
    compare: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "iu_tuner.vision.compare_files", None)

    done = compare(tmp_path / "t.json", A=tmp_path / "p.json")

    assert done.code == 2
    assert "pip install '.[vision]'" in done.err
