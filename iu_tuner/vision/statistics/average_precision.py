"""Average precision as pycocotools accumulates it, with a weight for each image.

With all weights 1 it is pycocotools' number. With the counts of a resample it is that of the resampled images: an image
that is drawn twice counts twice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RECALLS = np.linspace(0.0, 1.0, 101)  # the recalls at which COCO samples the precision
MAX_DETECTIONS = 100  # per image and class, as in COCO's AP and AR@100
MAX_STEPS = 4000  # of a class, in resamples
Floats = NDArray[np.float64]


def precision_at_recalls(right: NDArray[np.int32], wrong: NDArray[np.int32], objects: NDArray[np.int64]) -> Floats:
    """Average precision of R rows of N detections each, sorted by falling score: (R).

    `right` and `wrong` (R, N) are the running sums of right and wrong detections, `objects` (R) how many there are.
    A row without objects is NaN.
    """
    if right.shape[1] == 0:
        return np.where(objects > 0, 0.0, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = right / (right + wrong + np.spacing(1))
        precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        recall = right / objects[:, None]
    averages = np.full(len(right), np.nan)
    for row in np.flatnonzero(objects > 0):
        indices = np.searchsorted(recall[row], RECALLS, side="left")
        reached_indices = indices[indices < right.shape[1]]
        averages[row] = precision[row, reached_indices].sum() / len(RECALLS)
    return averages


def weighted_average_precision(
    weights: NDArray[np.uint8], image: NDArray[np.int64], is_right: NDArray[np.bool_], objects: NDArray[np.int64]
) -> Floats:
    """Average precision of one class in each of R resamples: (R).

    `weights` (R, images) says how often a resample has an image. `image` and `is_right` (N) are of the detections,
    sorted by falling score; `objects` (images) is the number of objects on each image. With more than MAX_STEPS
    detections the precision is taken after every few of them: that shifts all resamples alike, by less than 1 / 4000.
    """
    averages = np.empty(len(weights))
    size = max(1, -(-len(image) // MAX_STEPS))
    rows = max(1, 4_000_000 // max(1, len(image)))  # a part of the resamples at a time bounds the memory
    for start in range(0, len(weights), rows):
        part_weights = np.ascontiguousarray(weights[start : start + rows].T)
        detection_weights = part_weights[image]
        total = objects @ part_weights.astype(np.int64)
        right, all_detections = (
            _running_sum(each, size) for each in (detection_weights * is_right[:, None], detection_weights)
        )
        averages[start : start + rows] = precision_at_recalls(right, all_detections - right, total)
    return averages


def _running_sum(detection_weights: NDArray[np.uint8], size: int) -> NDArray[np.int32]:
    """The running sum of each column of (N, R), after each group of `size` rows: (R, groups)."""
    groups = np.zeros((-(-len(detection_weights) // size), detection_weights.shape[1]), dtype=np.int32)
    for offset in range(size):
        rows = detection_weights[offset::size]
        groups[: len(rows)] += rows
    return np.ascontiguousarray(np.cumsum(groups, axis=0, dtype=np.int32).T)
