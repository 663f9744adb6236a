"""Average precision of matched detections: each class, each IoU threshold, and in resamples."""

from __future__ import annotations

import numpy as np

from iu_tuner.vision.compare.alignment import Floats, Ints
from iu_tuner.vision.compare.matching import Matches
from iu_tuner.vision.statistics.average_precision import (
    MAX_DETECTIONS,
    precision_at_recalls,
    weighted_average_precision,
)
from iu_tuner.vision.statistics.intervals import Resamples


def objects_by_image(matches: Matches, classes: int) -> Ints:
    """How many objects of each class are on each image, crowds left out: (images, classes)."""
    truth = matches.truth
    images = len(truth.starts) - 1
    cell = truth.image * classes + truth.klass
    return np.bincount(cell[~truth.crowd], minlength=images * classes).reshape(images, classes)


def average_precisions(matches: Matches, classes: int) -> tuple[Floats, Floats]:
    """Average precision and recall of each class (rows) at each threshold of `matches`; NaN for one without objects."""
    objects = objects_by_image(matches, classes).sum(axis=0)
    shape = (classes, len(matches.thresholds))
    precision, recall = np.full(shape, np.nan), np.full(shape, np.nan)
    for klass in np.flatnonzero(objects):
        ranked = ranked_detections(matches, int(klass))
        is_matched, is_ignored = matches.matched[:, ranked] >= 0, matches.ignored[:, ranked]
        right = np.cumsum(is_matched & ~is_ignored, axis=1, dtype=np.int32)
        wrong = np.cumsum(~is_matched & ~is_ignored, axis=1, dtype=np.int32)
        total = np.full(len(right), objects[klass])
        precision[klass] = precision_at_recalls(right, wrong, total)
        recall[klass] = right[:, -1] / objects[klass] if len(ranked) else 0.0
    return precision, recall


def resampled_average_precision(matches: Matches, iou_row: int, objects: Ints, resamples: Resamples) -> Floats:
    """Average precision of each class at threshold number `iou_row` in each resample: (RESAMPLES, classes)."""
    precisions = np.full((len(resamples.weights), objects.shape[1]), np.nan)
    for klass in np.flatnonzero(objects.sum(axis=0)):
        ranked = ranked_detections(matches, int(klass))
        ranked = ranked[~matches.ignored[iou_row, ranked]]
        is_right, image = matches.matched[iou_row, ranked] >= 0, matches.detections.image[ranked]
        precisions[:, klass] = weighted_average_precision(resamples.weights, image, is_right, objects[:, klass])
    return precisions


def ranked_detections(matches: Matches, klass: int) -> Ints:
    """The detections of a class that count for average precision, sorted by falling score, then by image."""
    counted_detections = np.flatnonzero((matches.detections.klass == klass) & (matches.rank < MAX_DETECTIONS))
    ranked: Ints = counted_detections[np.argsort(-matches.detections.score[counted_detections], kind="stable")]
    return ranked
