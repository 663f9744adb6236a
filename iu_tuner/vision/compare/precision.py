"""Average precision of matched detections: each class, each threshold of overlap, and in resamples."""

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
    place = truth.image * classes + truth.klass
    return np.bincount(place[~truth.crowd], minlength=images * classes).reshape(images, classes)


def average_precisions(matches: Matches, classes: int) -> tuple[Floats, Floats]:
    """Average precision and recall of each class (rows) at each threshold of `matches`; NaN for one without objects."""
    objects = objects_by_image(matches, classes).sum(axis=0)
    shape = (classes, len(matches.thresholds))
    precision, recall = np.full(shape, np.nan), np.full(shape, np.nan)
    for klass in np.flatnonzero(objects):
        ranked = ranked_detections(matches, int(klass))
        found, ignored = matches.matched[:, ranked] >= 0, matches.ignored[:, ranked]
        right = np.cumsum(found & ~ignored, axis=1, dtype=np.int32)
        wrong = np.cumsum(~found & ~ignored, axis=1, dtype=np.int32)
        total = np.full(len(right), objects[klass])
        precision[klass] = precision_at_recalls(right, wrong, total)
        recall[klass] = right[:, -1] / objects[klass] if len(ranked) else 0.0
    return precision, recall


def resampled_average_precision(matches: Matches, row: int, objects: Ints, resamples: Resamples) -> Floats:
    """Average precision of each class at threshold number `row` in each resample: (RESAMPLES, classes)."""
    found = np.full((len(resamples.weights), objects.shape[1]), np.nan)
    for klass in np.flatnonzero(objects.sum(axis=0)):
        ranked = ranked_detections(matches, int(klass))
        ranked = ranked[~matches.ignored[row, ranked]]
        right, image = matches.matched[row, ranked] >= 0, matches.found.image[ranked]
        found[:, klass] = weighted_average_precision(resamples.weights, image, right, objects[:, klass])
    return found


def ranked_detections(matches: Matches, klass: int) -> Ints:
    """The detections of a class that count for average precision, sorted by falling score, then by image."""
    chosen = np.flatnonzero((matches.found.klass == klass) & (matches.rank < MAX_DETECTIONS))
    ranked: Ints = chosen[np.argsort(-matches.found.score[chosen], kind="stable")]
    return ranked
