"""Evaluates each model on the truth, and the differences between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from iu_tuner.exit_codes import UsageError
from iu_tuner.vision.compare.alignment import Aligned, Boxes, Floats, to_boxes
from iu_tuner.vision.compare.confusion import BadImage, BoxFit, Pair, box_fit, cells, pairs, worst_images
from iu_tuner.vision.compare.counts import Counts, Rates, count, cross_fitted, curve, rate_differences, rates
from iu_tuner.vision.compare.kinds import KindOfError, errors_by_kind
from iu_tuner.vision.compare.matching import COCO_THRESHOLDS, Matches, match
from iu_tuner.vision.compare.money import Running
from iu_tuner.vision.compare.precision import average_precisions, objects_by_image, resampled_average_precision
from iu_tuner.vision.formats.labels import DataSet
from iu_tuner.vision.statistics.calibration import Calibration, calibration
from iu_tuner.vision.statistics.intervals import MIN_IMAGES, Interval, Resamples, too_few
from iu_tuner.vision.statistics.thresholds import Costs

AP50, AP75 = 0, 5  # their numbers among COCO's thresholds of overlap


@dataclass(frozen=True)
class Candidate:
    """A model to compare: its predictions, its thresholds (0 to 100) where they are known, and how it runs.

    `given` is the user's threshold; `assumed` are those of the model's training, by class.
    """

    name: str
    aligned: Aligned
    classes: tuple[str, ...]
    given: float | None = None
    assumed: Mapping[str, float] | None = None
    running: Running = field(default_factory=Running)


@dataclass(frozen=True)
class Point:
    """The model at one choice of thresholds. `threshold` is None where classes have different ones."""

    kind: str
    threshold: float | None
    class_thresholds: tuple[float, ...]
    counts: Counts
    rates: list[Rates]


@dataclass(frozen=True)
class Evaluation:
    """What is known of a model. `points` has the chosen one first; `precision` and `recall` are (classes, overlaps)."""

    candidate: Candidate
    matches: Matches
    row: int
    points: tuple[Point, ...]
    precision: Floats
    recall: Floats
    kinds: dict[str, KindOfError]
    calibration: Calibration
    pairs: list[Pair]
    cells: dict[tuple[int, int], list[int]]
    fit: BoxFit
    worst: list[BadImage]

    @property
    def point(self) -> Point:
        """The model at the thresholds that it is compared at."""
        return self.points[0]


@dataclass(frozen=True)
class Difference:
    """Model number `a` minus model number `b`: the rates and AP@.5 of each class, and last of all."""

    a: int
    b: int
    intervals: list[dict[str, Interval]]


@dataclass(frozen=True)
class Comparison:
    """All models on one truth. `classes` has those of the truth first, then those that only predictions have."""

    truth: DataSet
    classes: tuple[str, ...]
    objects: tuple[int, ...]
    iou: float
    costs: Costs | None
    evaluations: tuple[Evaluation, ...]
    differences: tuple[Difference, ...]


def compare(truth: DataSet, candidates: Sequence[Candidate], *, iou: float, costs: Costs | None) -> Comparison:
    """Compare the candidates on the truth at an overlap of `iou`.

    Raises:
        UsageError: labels with and without boxes meet, or a class has no assumed threshold.
    """
    unknown = sorted({name for each in candidates for name in each.classes} - set(truth.classes))
    classes = (*truth.classes, *unknown)
    index = {name: number for number, name in enumerate(classes)}
    with_boxes = truth.has_boxes or any(
        label.box for each in candidates for image in each.aligned.images for label in image.labels
    )
    objects = to_boxes("the truth", truth.images, truth, index, with_boxes=with_boxes)
    resamples = Resamples(len(truth.images))
    evaluations = []
    for each in candidates:
        found = to_boxes(each.name, each.aligned.images, truth, index, with_boxes=with_boxes)
        evaluations.append(_evaluate(each, objects, found, classes, truth, iou, costs, resamples))
    pairs_of_models = list(combinations(range(len(evaluations)), 2))
    ap50 = [_resampled_ap50(each, resamples) for each in evaluations] if pairs_of_models else []
    differences = [_difference(a, b, evaluations, ap50, resamples) for a, b in pairs_of_models]
    there = np.bincount(objects.klass[~objects.crowd], minlength=len(classes))
    return Comparison(truth, classes, tuple(there.tolist()), iou, costs, tuple(evaluations), tuple(differences))


def _evaluate(
    candidate: Candidate,
    objects: Boxes,
    found: Boxes,
    classes: tuple[str, ...],
    truth: DataSet,
    iou: float,
    costs: Costs | None,
    resamples: Resamples,
) -> Evaluation:
    matches = match(objects, found, [*COCO_THRESHOLDS, iou])
    row = len(COCO_THRESHOLDS)
    points = _points(candidate, matches, row, classes, truth, costs, resamples)
    kept = points[0].counts.kept
    counted = ~matches.ignored[row]
    every_pair = pairs(matches, row, kept)
    precision, recall = average_precisions(matches, len(classes))
    return Evaluation(
        candidate=candidate,
        matches=matches,
        row=row,
        points=points,
        precision=precision[:, :row],
        recall=recall[:, :row],
        kinds=errors_by_kind(matches, row, len(classes)),
        calibration=calibration(found.score[counted], matches.right(row)[counted]),
        pairs=every_pair,
        cells=cells(matches, every_pair),
        fit=box_fit(matches, every_pair),
        worst=worst_images(matches, every_pair),
    )


def _points(
    candidate: Candidate,
    matches: Matches,
    row: int,
    classes: tuple[str, ...],
    truth: DataSet,
    costs: Costs | None,
    resamples: Resamples,
) -> tuple[Point, ...]:
    """The model at its given, assumed and best thresholds, and at the cheapest, as far as there are such.

    With too few images to choose a threshold on half of them, every detection counts where none is given.
    """
    keys = tuple(image.key for image in truth.images)

    def point(kind: str, threshold: float | None, by_class: Sequence[float], of_detection: float | Floats) -> Point:
        counts = count(matches, row, len(classes), of_detection)
        return Point(kind, threshold, tuple(by_class), counts, rates(counts, resamples))

    points = []
    if candidate.given is not None:
        points.append(point("given", candidate.given, [candidate.given] * len(classes), candidate.given))
    if candidate.assumed is not None:
        by_class = [_assumed(candidate, name) for name in classes]
        common = by_class[0] if len(set(by_class)) == 1 else None
        points.append(point("assumed", common, by_class, np.array(by_class)[matches.found.klass]))
    if len(keys) < MIN_IMAGES:
        return tuple(points) or (point("all", 0.0, [0.0] * len(classes), 0.0),)
    for kind, price in (("bestF1", None), *([("lowestCost", costs)] if costs else [])):
        best = curve(matches, row).best(price)
        points.append(point(kind, best, [best] * len(classes), cross_fitted(matches, row, keys, price)))
    return tuple(points)


def _assumed(candidate: Candidate, name: str) -> float:
    if candidate.assumed is None or name not in candidate.assumed:
        raise UsageError(f"{candidate.name}: the file of --assumed has no threshold for the class {name}")
    return candidate.assumed[name]


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
    for number, (mine, other) in enumerate(zip(first.point.rates, second.point.rates, strict=True)):
        note = too_few(resamples.images, mine.right + mine.missed)
        samples = ap50[a][:, number] - ap50[b][:, number]
        values = [mean_precision(each, number) for each in (first, second)]
        intervals.append(
            rate_differences(mine, other, resamples) | {"ap50": _plain_difference(values, samples, resamples, note)}
        )
    return Difference(a, b, intervals)


def mean_precision(evaluation: Evaluation, klass: int, overlap: int = AP50) -> float | None:
    """Average precision of a class, or of all if `klass` is one beyond the last; None without objects."""
    table = evaluation.precision
    return _mean(table[:, overlap] if klass == len(table) else table[klass, overlap])


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
    known = ~np.isnan(table)
    with np.errstate(invalid="ignore"):
        mean = np.where(known, table, 0.0).sum(axis=1) / known.sum(axis=1)
    return np.column_stack([table, mean])


def _mean(values: Floats) -> float | None:
    known = np.atleast_1d(values)
    known = known[~np.isnan(known)]
    return float(known.mean()) if len(known) else None
