"""The comparison as `compare.json`. Confidence and thresholds are 0 to 100, shares 0 to 1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from iu_tuner.vision.compare.comparison import AP50, AP75, Comparison, Evaluation, OperatingPoint
from iu_tuner.vision.compare.confusion import NOTHING
from iu_tuner.vision.compare.counts import RATES, Rates, curve
from iu_tuner.vision.compare.money import RunningCosts, break_even_images
from iu_tuner.vision.compare.verdict import verdict
from iu_tuner.vision.statistics.intervals import Interval

DIGITS = 12  # 1.0 is 0.9999999999999999 in the reference's arithmetic
COUNTED_CONFIDENCES = (10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 95.0, 99.0, 99.9)
Json = dict[str, Any]


def to_json(comparison: Comparison, provenance: Mapping[str, Any]) -> Json:
    """The whole file. `provenance` says what it was made from."""
    evaluations = comparison.evaluations
    names = [each.candidate.name for each in evaluations]
    return {
        "images": len(comparison.truth.images),
        "objects": sum(comparison.object_counts),
        "classes": list(comparison.classes),
        "classesWithoutTruth": [
            name for name, objects in zip(comparison.classes, comparison.object_counts, strict=True) if not objects
        ],
        "iou": comparison.iou,
        "models": {name: _model(comparison, each) for name, each in zip(names, evaluations, strict=True)},
        "differences": [
            {
                "a": names[each.first],
                "b": names[each.second],
                **_intervals(each.intervals[-1]),
                "perClass": {
                    name: _intervals(intervals)
                    for name, intervals in zip(comparison.classes, each.intervals[:-1], strict=True)
                },
            }
            for each in comparison.differences
        ],
        "breakEven": list(_break_even(evaluations)),
        "verdict": sentence(comparison),
        "notes": list(comparison.truth.notes),
        "provenance": dict(provenance),
    }


def sentence(comparison: Comparison) -> str:
    """The verdict on the first two models."""
    names = [each.candidate.name for each in comparison.evaluations]
    rates = [each.point.rates[-1].intervals for each in comparison.evaluations]
    differences = comparison.differences[0].intervals[-1] if comparison.differences else None
    class_names = [name for name, objects in zip(comparison.classes, comparison.object_counts, strict=True) if objects]
    object_noun = f"{class_names[0]}s" if len(class_names) == 1 else "objects"
    return verdict(names, rates, differences, object_noun, len(comparison.truth.images))


def _model(comparison: Comparison, evaluation: Evaluation) -> Json:
    classes, point = comparison.classes, evaluation.point
    missing, left_out = evaluation.candidate.predictions.without_predictions, evaluation.candidate.predictions.left_out
    all_classes = slice(0, len(classes))
    return {
        **_precision(evaluation, all_classes),
        "threshold": _rounded(point.threshold),
        "thresholdKind": point.kind,
        **_rates(point.rates[-1]),
        "perClass": {
            name: {
                **_precision(evaluation, slice(number, number + 1)),
                "threshold": _rounded(point.class_thresholds[number]),
                **_rates(point.rates[number]),
            }
            for number, name in enumerate(classes)
        },
        "thresholds": {each.kind: _point(each) for each in evaluation.points},
        "detectionsAtLeast": {
            f"{confidence:g}": int((evaluation.matches.detections.score >= confidence).sum())
            for confidence in COUNTED_CONFIDENCES
        },
        "medianIou": _rounded(evaluation.box_fit.iou),
        "medianAreaRatio": _rounded(evaluation.box_fit.area_ratio),
        "exactImages": _rounded(_exact_images(comparison, evaluation)),
        "errors": {
            name: {"count": kind.count, "lostAp": _rounded(kind.lost_precision)}
            for name, kind in evaluation.kinds.items()
        },
        "calibration": {
            "error": _rounded(evaluation.calibration.error),
            "bins": [vars(each) for each in evaluation.calibration.bins],
        },
        "confusion": list(_confusion(comparison, evaluation)),
        "worstImages": [
            {
                "image": comparison.truth.images[each.image].key,
                "missed": each.missed,
                "invented": each.invented,
                "tooLarge": each.too_large,
            }
            for each in evaluation.worst
        ],
        "imagesWithoutPredictions": missing,
        "otherImagesLeftOut": left_out,
        "running": _running_costs(evaluation.candidate.running_costs),
        **_cost_of_errors(comparison, evaluation),
    }


def _point(point: OperatingPoint) -> Json:
    return {"threshold": _rounded(point.threshold), **_rates(point.rates[-1])}


def _precision(evaluation: Evaluation, classes: slice) -> Json:
    """AP and AR of some classes; None where the truth has none of them."""
    precision, recall = evaluation.precision[classes], evaluation.recall[classes]
    return {
        "ap50": _mean(precision[:, AP50]),
        "ap75": _mean(precision[:, AP75]),
        "ap": _mean(precision),
        "ar100": _mean(recall),
    }


def _rates(rates: Rates) -> Json:
    return {
        **{name: _interval(rates.intervals[name]) for name in RATES},
        "truePositives": rates.right,
        "falsePositives": rates.wrong,
        "falseNegatives": rates.missed,
    }


def _intervals(intervals: Mapping[str, Interval]) -> Json:
    return {name: _interval(each) for name, each in intervals.items()}


def _interval(interval: Interval) -> Json:
    bounds = {"value": _rounded(interval.value), "low": _rounded(interval.low), "high": _rounded(interval.high)}
    return {**bounds, "note": interval.note} if interval.note else bounds


def _confusion(comparison: Comparison, evaluation: Evaluation) -> Iterator[Json]:
    """One entry per cell of the table that is not 0; null stands for nothing there, or nothing found."""
    for (true_class, found_class), images in evaluation.cells.items():
        keys = dict.fromkeys(comparison.truth.images[each].key for each in images)
        yield {
            "truth": None if true_class == NOTHING else comparison.classes[true_class],
            "predicted": None if found_class == NOTHING else comparison.classes[found_class],
            "count": len(images),
            "images": list(keys),
        }


def _exact_images(comparison: Comparison, evaluation: Evaluation) -> float:
    """The share of images without any error: each object found, and nothing else."""
    with_errors = {
        image
        for (true_class, found_class), images in evaluation.cells.items()
        if true_class != found_class
        for image in images
    }
    return 1 - len(with_errors) / len(comparison.truth.images)


def _running_costs(running_costs: RunningCosts) -> Json:
    return {
        "usdPer1000Images": _rounded(running_costs.usd_per_1000_images),
        "usdPerMonth": _rounded(running_costs.fixed_and_variable_usd[0])
        if running_costs.is_always_on and running_costs.fixed_and_variable_usd
        else None,
        "p50Ms": running_costs.p50_ms,
        "p95Ms": running_costs.p95_ms,
        "trainingHours": running_costs.training_hours,
        "trainingUsd": running_costs.training_usd,
    }


def _cost_of_errors(comparison: Comparison, evaluation: Evaluation) -> Json:
    """Dollars of errors per 1,000 images at the thresholds that the model is compared at."""
    if comparison.error_costs is None:
        return {}
    all_classes = evaluation.point.rates[-1]
    dollars = all_classes.missed * comparison.error_costs.miss + all_classes.wrong * comparison.error_costs.false_alarm
    return {"errorUsdPer1000Images": _rounded(1000 * dollars / len(comparison.truth.images))}


def _break_even(evaluations: Sequence[Evaluation]) -> Iterator[Json]:
    for a, b in combinations((each.candidate for each in evaluations), 2):
        images = break_even_images(a.running_costs, b.running_costs)
        if images is not None:
            yield {"a": a.name, "b": b.name, "imagesPerMonth": round(images)}


def curve_points(evaluation: Evaluation, max_points: int = 300) -> Json:
    """Precision, recall and F1 by threshold, of all classes, at `max_points` points or fewer, for pictures."""
    full_curve = curve(evaluation.matches, evaluation.iou_row)
    point_indices = np.unique(np.linspace(0, max(0, len(full_curve.threshold) - 1), max_points).astype(int))[
        : len(full_curve.threshold)
    ]
    columns = {
        "threshold": full_curve.threshold,
        "precision": full_curve.precision,
        "recall": full_curve.recall,
        "f1": full_curve.f1,
    }
    return {name: [float(each) for each in values[point_indices]] for name, values in columns.items()}


def _mean(values: np.ndarray[Any, np.dtype[np.float64]]) -> float | None:
    known_values = values[~np.isnan(values)]
    return _rounded(float(known_values.mean())) if known_values.size else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
