"""Which detection finds which object: the greedy matching of the COCO evaluation, on overlaps by pycocotools."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask

from iu_tuner.vision.compare.alignment import Bools, Boxes, Floats, Ints

Indices = NDArray[np.int32]
COCO_THRESHOLDS = np.linspace(0.5, 0.95, 10)
# pycocotools takes an overlap of 1 - 1e-10 for 1.
MAX_THRESHOLD = 1 - 1e-10
Candidates = list[tuple[int, float]]


@dataclass(frozen=True)
class Matches:
    """What each of N detections matches at each of T thresholds of intersection over union.

    `truth` and `found` are what was matched. `matched` (T, N) is the index of the object in `truth`, or -1. `ignored`
    (T, N) is True for a detection in a crowd: it is neither right nor wrong. `rank` (N) is a detection's place, from 0,
    among those of its image and class by score.
    """

    truth: Boxes
    found: Boxes
    thresholds: tuple[float, ...]
    matched: Indices
    ignored: Bools
    rank: Ints

    def right(self, row: int) -> Bools:
        """Which detections find an object at threshold number `row`."""
        found: Bools = (self.matched[row] >= 0) & ~self.ignored[row]
        return found


def match(truth: Boxes, found: Boxes, thresholds: Iterable[float]) -> Matches:
    """Match detections with objects of their class, those with the highest score first.

    A detection takes the object that it overlaps most, of those that none before it took. A match does not depend on
    detections with lower scores, so it holds at every threshold of confidence.
    """
    thresholds = tuple(thresholds)
    matched = np.full((len(thresholds), len(found.image)), -1, dtype=np.int32)
    ignored = np.zeros(matched.shape, dtype=bool)
    least = [min(threshold, MAX_THRESHOLD) for threshold in thresholds]
    for image in range(len(found.starts) - 1):
        here, there = found.of(image), truth.of(image)
        if here.start == here.stop or there.start == there.stop:
            continue
        overlap = overlaps(found, truth, image)
        same = found.klass[here, None] == truth.klass[None, there]
        rows, columns = np.nonzero(same & (overlap >= min(least)))
        values, is_crowd = overlap[rows, columns], truth.crowd[there][columns]
        alone = (np.bincount(rows)[rows] == 1) & (np.bincount(columns)[columns] == 1) & ~is_crowd
        chosen = np.where(values[alone] >= np.array(least)[:, None], there.start + columns[alone], -1)
        matched[:, here.start + rows[alone]] = chosen
        if alone.all():
            continue
        rest = (part[~alone].tolist() for part in (rows, columns, values, is_crowd))
        objects, crowds = _candidates(zip(*rest, strict=True))
        for row, threshold in enumerate(least):
            for detection, index, in_crowd in _assign(objects, crowds, threshold):
                matched[row, here.start + detection] = there.start + index
                ignored[row, here.start + detection] = in_crowd
    return Matches(truth, found, thresholds, matched, ignored, _ranks(found))


def overlaps(found: Boxes, truth: Boxes, image: int) -> Floats:
    """Intersection over union of each detection (rows) with each object of an image; over the detection for a crowd."""
    here, there = found.of(image), truth.of(image)
    table: Floats = np.asarray(
        mask.iou(found.box[here], truth.box[there], truth.crowd[there].astype(np.uint8).tolist())
    )
    return table.reshape(here.stop - here.start, there.stop - there.start)


def _candidates(pairs: Iterable[tuple[int, int, float, bool]]) -> tuple[dict[int, Candidates], dict[int, Candidates]]:
    """By detection: the objects, and the crowds, that it overlaps enough, in the truth's order."""
    objects: dict[int, Candidates] = {}
    crowds: dict[int, Candidates] = {}
    for detection, index, value, is_crowd in pairs:
        (crowds if is_crowd else objects).setdefault(detection, []).append((index, value))
    return objects, crowds


def _assign(
    objects: dict[int, Candidates], crowds: dict[int, Candidates], threshold: float
) -> list[tuple[int, int, bool]]:
    """(detection, object, whether it is a crowd) for every detection that matches at `threshold`."""
    taken: set[int] = set()
    found = []
    for detection in sorted({*objects, *crowds}):
        chosen = _best([each for each in objects.get(detection, ()) if each[0] not in taken], threshold)
        if chosen is not None:
            taken.add(chosen)
            found.append((detection, chosen, False))
        elif (crowd := _best(crowds.get(detection, ()), threshold)) is not None:
            found.append((detection, crowd, True))
    return found


def _best(candidates: Sequence[tuple[int, float]], threshold: float) -> int | None:
    """The candidate with the largest overlap of at least `threshold`; of equals the last, as pycocotools does."""
    chosen = None
    for index, value in candidates:
        if value >= threshold:
            chosen, threshold = index, value
    return chosen


def _ranks(found: Boxes) -> Ints:
    """The place of each detection among those of its image and class; the boxes of an image are sorted by score."""
    order = np.lexsort((np.arange(len(found.image)), found.klass, found.image))
    image, klass = found.image[order], found.klass[order]
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = (image[1:] != image[:-1]) | (klass[1:] != klass[:-1])
    place = np.arange(len(order))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = place - np.maximum.accumulate(np.where(begins, place, 0)) if len(order) else place
    return rank
