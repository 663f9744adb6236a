"""Right, wrong and missed at thresholds of confidence: by image and class, and the rates with their intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iu_tuner.vision.compare.alignment import Bools, Floats, Ints
from iu_tuner.vision.compare.matching import Matches
from iu_tuner.vision.compare.precision import objects_by_image
from iu_tuner.vision.statistics.intervals import (
    Interval,
    Resamples,
    difference,
    f1_interval,
    no_interval_reason,
    share_interval,
)
from iu_tuner.vision.statistics.thresholds import Curve, ErrorCosts, halves

RATES = ("precision", "recall", "f1")


@dataclass(frozen=True)
class Counts:
    """Counts by image (rows) and class (columns); the last column is all classes."""

    is_kept: Bools
    """which detections (N) reach their threshold and are not in a crowd"""
    right: Ints
    wrong: Ints
    objects: Ints

    @property
    def totals(self) -> list[tuple[int, int, int]]:
        """(right, wrong, missed) of each class, and last of all."""
        right, wrong, objects = (each.sum(axis=0) for each in (self.right, self.wrong, self.objects))
        return [(int(a), int(b), int(c - a)) for a, b, c in zip(right, wrong, objects, strict=True)]


@dataclass(frozen=True)
class Rates:
    """Precision, recall and F1 of one class, or of all, with the counts behind them and the resampled values."""

    right: int
    wrong: int
    missed: int
    intervals: dict[str, Interval]
    samples: dict[str, Floats]


def count(matches: Matches, iou_row: int, classes: int, thresholds: float | Floats) -> Counts:
    """Count at IoU threshold number `iou_row`. `thresholds` (0 to 100): one for all, or one for each detection."""
    detections = matches.detections
    is_kept = (detections.score >= thresholds) & ~matches.ignored[iou_row]
    is_right = matches.right(iou_row)
    table_shape = (len(detections.starts) - 1, classes)
    cell = detections.image * classes + detections.klass

    def table(is_selected: Bools) -> Ints:
        return _with_total(np.bincount(cell[is_selected], minlength=table_shape[0] * classes).reshape(table_shape))

    return Counts(
        is_kept, table(is_kept & is_right), table(is_kept & ~is_right), _with_total(objects_by_image(matches, classes))
    )


def rates(counts: Counts, resamples: Resamples) -> list[Rates]:
    """The rates of each class, and last of all classes."""
    images = len(counts.right)
    resampled_counts = [resamples.sums(each) for each in (counts.right, counts.wrong, counts.objects)]
    rates_by_class = []
    for column, (right, wrong, missed) in enumerate(counts.totals):
        note = no_interval_reason(images, right + missed)
        samples = _samples(*(each[:, column] for each in resampled_counts))
        intervals = {
            "precision": share_interval(right, right + wrong, samples["precision"], resamples, note),
            "recall": share_interval(right, right + missed, samples["recall"], resamples, note),
            "f1": f1_interval(right, wrong, missed, samples["f1"], resamples, note),
        }
        rates_by_class.append(Rates(right, wrong, missed, intervals, samples))
    return rates_by_class


def rate_differences(a: Rates, b: Rates, resamples: Resamples) -> dict[str, Interval]:
    """a - b of each rate, on the same resamples."""
    return {
        name: difference(a.intervals[name], b.intervals[name], a.samples[name] - b.samples[name], resamples)
        for name in RATES
    }


def curve(matches: Matches, iou_row: int, images: Bools | None = None, klass: int | None = None) -> Curve:
    """Counts at every threshold of confidence, on some images or all, of one class or all."""
    detections, truth = matches.detections, matches.truth
    is_detection, is_object = ~matches.ignored[iou_row], ~truth.crowd
    if images is not None:
        is_detection, is_object = is_detection & images[detections.image], is_object & images[truth.image]
    if klass is not None:
        is_detection, is_object = is_detection & (detections.klass == klass), is_object & (truth.klass == klass)
    return Curve.of(detections.score[is_detection], matches.right(iou_row)[is_detection], int(is_object.sum()))


def cross_fitted_thresholds(
    matches: Matches, iou_row: int, keys: tuple[str, ...], error_costs: ErrorCosts | None = None
) -> Floats:
    """A threshold for each detection: the best on the half of the images that its own image is not in.

    A threshold that is chosen and judged on the same images flatters the model.
    """
    is_in_first = halves(keys)
    first_threshold, second_threshold = (
        curve(matches, iou_row, half).best(error_costs) for half in (is_in_first, ~is_in_first)
    )
    thresholds: Floats = np.where(is_in_first[matches.detections.image], second_threshold, first_threshold)
    return thresholds


def _samples(right: Floats, wrong: Floats, objects: Floats) -> dict[str, Floats]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "precision": right / (right + wrong),
            "recall": right / objects,
            "f1": 2 * right / (right + wrong + objects),
        }


def _with_total(table: NDArray[np.int64]) -> Ints:
    return np.column_stack([table, table.sum(axis=1)])
