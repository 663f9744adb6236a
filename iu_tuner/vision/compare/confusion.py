"""Which class is taken for which, image by image; how well the boxes fit; and the images with the most errors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from iu_tuner.vision.compare.alignment import Bools, Boxes, Floats
from iu_tuner.vision.compare.matching import Matches, iou_table

NOTHING = -1  # in place of a class: nothing is there, or nothing was found
TOO_LARGE_RATIO = 1.5  # times the area of the object: such a hit is shown as too large
MAX_WORST_IMAGES = 12


@dataclass(frozen=True)
class Pair:
    """An object and the detection at its place, by index; NOTHING where one of them is missing."""

    image: int
    truth: int
    detection: int


@dataclass(frozen=True)
class BoxFit:
    """Of the hits: median intersection over union, and median area of the detection over that of the object."""

    iou: float | None
    area_ratio: float | None


@dataclass(frozen=True)
class BadImage:
    """The errors on an image: objects that were missed, detections of nothing, hits that are too large."""

    image: int
    missed: int
    invented: int
    too_large: int


def find_pairs(matches: Matches, iou_row: int, kept_detections: Bools) -> list[Pair]:
    """Each object with the detection that found it, else with a detection of another class at its place.

    Detections of another class are taken by score; they need the IoU of threshold number `iou_row`, too.
    """
    detections, truth = matches.detections, matches.truth
    hit_objects = np.where(kept_detections & matches.right(iou_row), matches.matched[iou_row], NOTHING).tolist()
    is_kept, is_object = kept_detections.tolist(), (~truth.crowd).tolist()
    return [
        pair
        for image in range(len(detections.starts) - 1)
        for pair in _pairs_on_image(
            image, detections, truth, is_kept, hit_objects, is_object, matches.thresholds[iou_row]
        )
    ]


def _pairs_on_image(
    image: int,
    detections: Boxes,
    truth: Boxes,
    is_kept: list[bool],
    hit_objects: list[int],
    is_object: list[bool],
    min_iou: float,
) -> Iterator[Pair]:
    """The pairs of an image. `is_kept` and `hit_objects` are of the detections, `is_object` of the truth."""
    detection_range, object_range = detections.of(image), truth.of(image)
    kept_detections = [each for each in range(detection_range.start, detection_range.stop) if is_kept[each]]
    hits = {each: hit_objects[each] for each in kept_detections if hit_objects[each] != NOTHING}
    found_objects = set(hits.values())
    missed_objects = [
        each for each in range(object_range.start, object_range.stop) if is_object[each] and each not in found_objects
    ]
    other_detections = [each for each in kept_detections if each not in hits]
    yield from (Pair(image, index, detection) for detection, index in hits.items())
    if other_detections and missed_objects:
        ious = iou_table(detections, truth, image)
        for detection in tuple(other_detections):
            object_ious = {
                each: ious[detection - detection_range.start, each - object_range.start] for each in missed_objects
            }
            object_ious = {
                each: iou for each, iou in object_ious.items() if truth.klass[each] != detections.klass[detection]
            }
            best_object = max(object_ious, key=lambda each: object_ious[each], default=NOTHING)
            if best_object != NOTHING and object_ious[best_object] >= min_iou:
                yield Pair(image, best_object, detection)
                other_detections.remove(detection)
                missed_objects.remove(best_object)
    yield from (Pair(image, index, NOTHING) for index in missed_objects)
    yield from (Pair(image, NOTHING, detection) for detection in other_detections)


def cells(matches: Matches, pairs: list[Pair]) -> dict[tuple[int, int], list[int]]:
    """The confusion table: by (true class, found class), the image of each case. NOTHING stands for no class."""
    table: dict[tuple[int, int], list[int]] = defaultdict(list)
    for pair in pairs:
        true_class = NOTHING if pair.truth == NOTHING else int(matches.truth.klass[pair.truth])
        found_class = NOTHING if pair.detection == NOTHING else int(matches.detections.klass[pair.detection])
        table[true_class, found_class].append(pair.image)
    return dict(sorted(table.items()))


def box_fit(matches: Matches, pairs: list[Pair]) -> BoxFit:
    """How well the boxes of the hits fit."""
    hits = _hits(matches, pairs)
    if not hits:
        return BoxFit(None, None)
    found_boxes, true_boxes = _boxes_of(matches, hits)
    shared_sides = np.minimum(
        found_boxes[:, :2] + found_boxes[:, 2:], true_boxes[:, :2] + true_boxes[:, 2:]
    ) - np.maximum(found_boxes[:, :2], true_boxes[:, :2])
    intersection = np.maximum(shared_sides, 0).prod(axis=1)
    union = found_boxes[:, 2:].prod(axis=1) + true_boxes[:, 2:].prod(axis=1) - intersection
    return BoxFit(float(np.median(intersection / union)), float(np.median(_area_ratios(matches, hits))))


def worst_images(matches: Matches, pairs: list[Pair]) -> list[BadImage]:
    """At most WORST images with errors, those with the most first."""
    missed: dict[int, int] = defaultdict(int)
    invented: dict[int, int] = defaultdict(int)
    too_large: dict[int, int] = defaultdict(int)
    hits = _hits(matches, pairs)
    for hit, ratio in zip(hits, _area_ratios(matches, hits), strict=True):
        too_large[hit.image] += bool(ratio >= TOO_LARGE_RATIO)
    for pair in set(pairs) - set(hits):
        missed[pair.image] += pair.truth != NOTHING
        invented[pair.image] += pair.detection != NOTHING
    bad_images = [
        BadImage(image, missed[image], invented[image], too_large[image]) for image in {*missed, *invented, *too_large}
    ]
    bad_images = [each for each in bad_images if each.missed + each.invented + each.too_large]
    bad_images.sort(key=lambda each: (-each.missed - each.invented, -each.too_large, each.image))
    return bad_images[:MAX_WORST_IMAGES]


def _hits(matches: Matches, pairs: list[Pair]) -> list[Pair]:
    true_classes, found_classes = matches.truth.klass.tolist(), matches.detections.klass.tolist()
    return [
        pair
        for pair in pairs
        if NOTHING not in (pair.truth, pair.detection) and true_classes[pair.truth] == found_classes[pair.detection]
    ]


def _boxes_of(matches: Matches, hits: list[Pair]) -> tuple[Floats, Floats]:
    """The boxes of the detections, and of the objects, of hits: each (hits, 4)."""
    found_boxes = matches.detections.box[[hit.detection for hit in hits]]
    return found_boxes, matches.truth.box[[hit.truth for hit in hits]]


def _area_ratios(matches: Matches, hits: list[Pair]) -> Floats:
    """The area of each hit over that of its object."""
    if not hits:
        return np.zeros(0)
    found_boxes, true_boxes = _boxes_of(matches, hits)
    ratios: Floats = found_boxes[:, 2:].prod(axis=1) / true_boxes[:, 2:].prod(axis=1)
    return ratios
