"""Evaluates each model on the truth, and the differences between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from iu_tuner.exit_codes import UsageError
from iu_tuner.vision.compare.alignment import AlignedPredictions, Boxes, Floats, to_boxes
from iu_tuner.vision.compare.confusion import BadImage, BoxFit, Pair, box_fit, cells, find_pairs, worst_images
from iu_tuner.vision.compare.counts import Counts, Rates, count, cross_fitted_thresholds, curve, rate_differences, rates
from iu_tuner.vision.compare.kinds import KindOfError, errors_by_kind
from iu_tuner.vision.compare.matching import COCO_THRESHOLDS, Matches, match
from iu_tuner.vision.compare.money import RunningCosts
from iu_tuner.vision.compare.precision import average_precisions, objects_by_image, resampled_average_precision
from iu_tuner.vision.formats.labels import DataSet
from iu_tuner.vision.statistics.calibration import Calibration, calibration
from iu_tuner.vision.statistics.intervals import MIN_IMAGES, Interval, Resamples, no_interval_reason
from iu_tuner.vision.statistics.thresholds import ErrorCosts

AP50, AP75 = 0, 5  # their numbers among COCO's IoU thresholds


@dataclass(frozen=True)
class Candidate:
    """A model to compare: its predictions, its thresholds (0 to 100) where they are known, and how it runs.

    `given_threshold` is the user's threshold; `assumed_thresholds` are those of the model's training, by class.
    """

    name: str
    predictions: AlignedPredictions
    classes: tuple[str, ...]
    given_threshold: float | None = None
    assumed_thresholds: Mapping[str, float] | None = None
    running_costs: RunningCosts = field(default_factory=RunningCosts)


@dataclass(frozen=True)
class OperatingPoint:
    """The model at one choice of thresholds. `threshold` is None where classes have different ones."""

    kind: str
    threshold: float | None
    class_thresholds: tuple[float, ...]
    counts: Counts
    rates: list[Rates]


@dataclass(frozen=True)
class Evaluation:
    """What is known of a model. `points` begins with the chosen one; `precision`, `recall`: (classes, thresholds)."""

    candidate: Candidate
    matches: Matches
    iou_row: int
    points: tuple[OperatingPoint, ...]
    precision: Floats
    recall: Floats
    kinds: dict[str, KindOfError]
    calibration: Calibration
    pairs: list[Pair]
    cells: dict[tuple[int, int], list[int]]
    box_fit: BoxFit
    worst: list[BadImage]

    @property
    def point(self) -> OperatingPoint:
        """The model at the thresholds that it is compared at."""
        return self.points[0]


@dataclass(frozen=True)
class Difference:
    """Model number `first` minus model number `second`: the rates and AP@.5 of each class, and last of all."""

    first: int
    second: int
    intervals: list[dict[str, Interval]]


@dataclass(frozen=True)
class Comparison:
    """All models on one truth. `classes` has those of the truth first, then those that only predictions have."""

    truth: DataSet
    classes: tuple[str, ...]
    object_counts: tuple[int, ...]
    iou: float
    error_costs: ErrorCosts | None
    evaluations: tuple[Evaluation, ...]
    differences: tuple[Difference, ...]


def compare(
    truth: DataSet, candidates: Sequence[Candidate], *, iou: float, error_costs: ErrorCosts | None
) -> Comparison:
    """Compare the candidates on the truth at this IoU.

    Raises:
        UsageError: labels with and without boxes meet, or a class has no assumed threshold.
    """
    other_classes = sorted({name for each in candidates for name in each.classes} - set(truth.classes))
    classes = (*truth.classes, *other_classes)
    class_index = {name: number for number, name in enumerate(classes)}
    with_boxes = truth.has_boxes or any(
        label.box for each in candidates for image in each.predictions.images for label in image.labels
    )
    true_boxes = to_boxes("the truth", truth.images, truth, class_index, with_boxes=with_boxes)
    resamples = Resamples(len(truth.images))
    evaluations = []
    for each in candidates:
        detections = to_boxes(each.name, each.predictions.images, truth, class_index, with_boxes=with_boxes)
        evaluations.append(_evaluate(each, true_boxes, detections, classes, truth, iou, error_costs, resamples))
    pairs_of_models = list(combinations(range(len(evaluations)), 2))
    ap50 = [_resampled_ap50(each, resamples) for each in evaluations] if pairs_of_models else []
    differences = [_difference(a, b, evaluations, ap50, resamples) for a, b in pairs_of_models]
    object_counts = np.bincount(true_boxes.klass[~true_boxes.crowd], minlength=len(classes))
    return Comparison(
        truth, classes, tuple(object_counts.tolist()), iou, error_costs, tuple(evaluations), tuple(differences)
    )


def _evaluate(
    candidate: Candidate,
    true_boxes: Boxes,
    detections: Boxes,
    classes: tuple[str, ...],
    truth: DataSet,
    iou: float,
    error_costs: ErrorCosts | None,
    resamples: Resamples,
) -> Evaluation:
    matches = match(true_boxes, detections, [*COCO_THRESHOLDS, iou])
    iou_row = len(COCO_THRESHOLDS)
    points = _points(candidate, matches, iou_row, classes, truth, error_costs, resamples)
    is_kept = points[0].counts.is_kept
    is_counted = ~matches.ignored[iou_row]
    every_pair = find_pairs(matches, iou_row, is_kept)
    precision, recall = average_precisions(matches, len(classes))
    return Evaluation(
        candidate=candidate,
        matches=matches,
        iou_row=iou_row,
        points=points,
        precision=precision[:, :iou_row],
        recall=recall[:, :iou_row],
        kinds=errors_by_kind(matches, iou_row, len(classes)),
        calibration=calibration(detections.score[is_counted], matches.right(iou_row)[is_counted]),
        pairs=every_pair,
        cells=cells(matches, every_pair),
        box_fit=box_fit(matches, every_pair),
        worst=worst_images(matches, every_pair),
    )


def _points(
    candidate: Candidate,
    matches: Matches,
    iou_row: int,
    classes: tuple[str, ...],
    truth: DataSet,
    error_costs: ErrorCosts | None,
    resamples: Resamples,
) -> tuple[OperatingPoint, ...]:
    """The model at its given, assumed and best thresholds, and at the cheapest, as far as there are such.

    With too few images to choose a threshold on half of them, every detection counts where none is given.
    """
    keys = tuple(image.key for image in truth.images)

    def point(
        kind: str, threshold: float | None, by_class: Sequence[float], threshold_of_detections: float | Floats
    ) -> OperatingPoint:
        counts = count(matches, iou_row, len(classes), threshold_of_detections)
        return OperatingPoint(kind, threshold, tuple(by_class), counts, rates(counts, resamples))

    points = []
    if candidate.given_threshold is not None:
        points.append(
            point(
                "given",
                candidate.given_threshold,
                [candidate.given_threshold] * len(classes),
                candidate.given_threshold,
            )
        )
    if candidate.assumed_thresholds is not None:
        by_class = [_assumed_threshold(candidate, name) for name in classes]
        common = by_class[0] if len(set(by_class)) == 1 else None
        points.append(point("assumed", common, by_class, np.array(by_class)[matches.detections.klass]))
    if len(keys) < MIN_IMAGES:
        return tuple(points) or (point("all", 0.0, [0.0] * len(classes), 0.0),)
    for kind, costs_of_kind in (("bestF1", None), *([("lowestCost", error_costs)] if error_costs else [])):
        best = curve(matches, iou_row).best(costs_of_kind)
        points.append(
            point(kind, best, [best] * len(classes), cross_fitted_thresholds(matches, iou_row, keys, costs_of_kind))
        )
    return tuple(points)


def _assumed_threshold(candidate: Candidate, name: str) -> float:
    if candidate.assumed_thresholds is None or name not in candidate.assumed_thresholds:
        raise UsageError(f"{candidate.name}: the file of --assumed has no threshold for the class {name}")
    return candidate.assumed_thresholds[name]


def _resampled_ap50(evaluation: Evaluation, resamples: Resamples) -> Floats:
    """AP@.5 in each resample (rows) of each class, and last of all; NaN if there are too few images for intervals."""
    classes = len(evaluation.precision)
    if resamples.images < MIN_IMAGES:
        return np.full((1, classes + 1), np.nan)
    objects = objects_by_image(evaluation.matches, classes)
    return _with_mean(resampled_average_precision(evaluation.matches, AP50, objects, resamples))


def _difference(
    a: int, b: int, evaluations: Sequence[Evaluation], ap50: Sequence[Floats], resamples: Resamples
) -> Difference:
    first, second, intervals = evaluations[a], evaluations[b], []
    for number, (first_rates, second_rates) in enumerate(zip(first.point.rates, second.point.rates, strict=True)):
        note = no_interval_reason(resamples.images, first_rates.right + first_rates.missed)
        samples = ap50[a][:, number] - ap50[b][:, number]
        values = [mean_precision(each, number) for each in (first, second)]
        intervals.append(
            rate_differences(first_rates, second_rates, resamples)
            | {"ap50": _plain_difference(values, samples, resamples, note)}
        )
    return Difference(a, b, intervals)


def mean_precision(evaluation: Evaluation, klass: int, iou_row: int = AP50) -> float | None:
    """Average precision of a class, or of all if `klass` is one beyond the last; None without objects."""
    table = evaluation.precision
    return _mean(table[:, iou_row] if klass == len(table) else table[klass, iou_row])


def _plain_difference(
    values: Sequence[float | None], samples: Floats, resamples: Resamples, note: str | None
) -> Interval:
    a, b = values
    if a is None or b is None:
        return Interval(None, note="the truth has no such object")
    if note:
        return Interval(a - b, note=note)
    return Interval(a - b, *resamples.bounds(samples))


def _with_mean(table: Floats) -> Floats:
    """The table with the mean of each row, over the classes that have a value, as a further column."""
    is_known = ~np.isnan(table)
    with np.errstate(invalid="ignore"):
        mean = np.where(is_known, table, 0.0).sum(axis=1) / is_known.sum(axis=1)
    return np.column_stack([table, mean])


def _mean(values: Floats) -> float | None:
    known_values = np.atleast_1d(values)
    known_values = known_values[~np.isnan(known_values)]
    return float(known_values.mean()) if len(known_values) else None
