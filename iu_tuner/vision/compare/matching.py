"""Which detection finds which object: the greedy matching of the COCO evaluation, on IoUs by pycocotools."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask

from iu_tuner.vision.compare.alignment import Bools, Boxes, Floats, Ints

Indices = NDArray[np.int32]
COCO_THRESHOLDS = np.linspace(0.5, 0.95, 10)
# pycocotools takes an IoU of 1 - 1e-10 for 1.
MAX_THRESHOLD = 1 - 1e-10
Candidates = list[tuple[int, float]]


@dataclass(frozen=True)
class Matches:
    """What each of N detections matches at each of T thresholds of intersection over union.

    `truth` and `detections` are what was matched. `matched` (T, N) is the index of the object in `truth`, or -1.
    `ignored` (T, N) is True for a detection in a crowd: it is neither right nor wrong. `rank` (N) is a detection's
    place, from 0, among those of its image and class by score.
    """

    truth: Boxes
    detections: Boxes
    thresholds: tuple[float, ...]
    matched: Indices
    ignored: Bools
    rank: Ints

    def right(self, iou_row: int) -> Bools:
        """Which detections find an object at threshold number `iou_row`."""
        is_right: Bools = (self.matched[iou_row] >= 0) & ~self.ignored[iou_row]
        return is_right


def match(truth: Boxes, detections: Boxes, thresholds: Iterable[float]) -> Matches:
    """Match detections with objects of their class, those with the highest score first.

    A detection takes the object that it overlaps most, of those that none before it took. A match does not depend on
    detections with lower scores, so it holds at every threshold of confidence.
    """
    thresholds = tuple(thresholds)
    matched = np.full((len(thresholds), len(detections.image)), -1, dtype=np.int32)
    ignored = np.zeros(matched.shape, dtype=bool)
    min_ious = [min(threshold, MAX_THRESHOLD) for threshold in thresholds]
    for image in range(len(detections.starts) - 1):
        detection_range, object_range = detections.of(image), truth.of(image)
        if detection_range.start == detection_range.stop or object_range.start == object_range.stop:
            continue
        ious = iou_table(detections, truth, image)
        is_same_class = detections.klass[detection_range, None] == truth.klass[None, object_range]
        rows, columns = np.nonzero(is_same_class & (ious >= min(min_ious)))
        values, is_crowd = ious[rows, columns], truth.crowd[object_range][columns]
        is_alone = (np.bincount(rows)[rows] == 1) & (np.bincount(columns)[columns] == 1) & ~is_crowd
        matched_objects = np.where(
            values[is_alone] >= np.array(min_ious)[:, None], object_range.start + columns[is_alone], -1
        )
        matched[:, detection_range.start + rows[is_alone]] = matched_objects
        if is_alone.all():
            continue
        other_pairs = (column[~is_alone].tolist() for column in (rows, columns, values, is_crowd))
        objects, crowds = _candidates(zip(*other_pairs, strict=True))
        for iou_row, threshold in enumerate(min_ious):
            for detection, index, in_crowd in _assign(objects, crowds, threshold):
                matched[iou_row, detection_range.start + detection] = object_range.start + index
                ignored[iou_row, detection_range.start + detection] = in_crowd
    return Matches(truth, detections, thresholds, matched, ignored, _ranks(detections))


def iou_table(detections: Boxes, truth: Boxes, image: int) -> Floats:
    """Intersection over union of each detection (rows) with each object of an image; over the detection for a crowd."""
    detection_range, object_range = detections.of(image), truth.of(image)
    ious: Floats = np.asarray(
        mask.iou(
            detections.box[detection_range],
            truth.box[object_range],
            truth.crowd[object_range].astype(np.uint8).tolist(),
        )
    )
    return ious.reshape(detection_range.stop - detection_range.start, object_range.stop - object_range.start)


def _candidates(pairs: Iterable[tuple[int, int, float, bool]]) -> tuple[dict[int, Candidates], dict[int, Candidates]]:
    """By detection: the objects, and the crowds, that it overlaps enough, in the truth's order."""
    objects: dict[int, Candidates] = {}
    crowds: dict[int, Candidates] = {}
    for detection, index, iou, is_crowd in pairs:
        (crowds if is_crowd else objects).setdefault(detection, []).append((index, iou))
    return objects, crowds


def _assign(
    objects: dict[int, Candidates], crowds: dict[int, Candidates], threshold: float
) -> list[tuple[int, int, bool]]:
    """(detection, object, whether it is a crowd) for every detection that matches at `threshold`."""
    matched_objects: set[int] = set()
    matches = []
    for detection in sorted({*objects, *crowds}):
        best_object = _best([each for each in objects.get(detection, ()) if each[0] not in matched_objects], threshold)
        if best_object is not None:
            matched_objects.add(best_object)
            matches.append((detection, best_object, False))
        elif (crowd := _best(crowds.get(detection, ()), threshold)) is not None:
            matches.append((detection, crowd, True))
    return matches


def _best(candidates: Sequence[tuple[int, float]], threshold: float) -> int | None:
    """The candidate with the largest IoU of at least `threshold`; of equals the last, as pycocotools does."""
    best_index = None
    for index, iou in candidates:
        if iou >= threshold:
            best_index, threshold = index, iou
    return best_index


def _ranks(detections: Boxes) -> Ints:
    """The place of each detection among those of its image and class; the boxes of an image are sorted by score."""
    order = np.lexsort((np.arange(len(detections.image)), detections.klass, detections.image))
    image, klass = detections.image[order], detections.klass[order]
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (image[1:] != image[:-1]) | (klass[1:] != klass[:-1])
    position = np.arange(len(order))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = position - np.maximum.accumulate(np.where(is_first, position, 0)) if len(order) else position
    return rank
