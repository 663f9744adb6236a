"""Errors by kind, as TIDE splits them (Bolya et al., 2020), each with the average precision that it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from iu_tuner.vision.compare.alignment import Bools, Ints
from iu_tuner.vision.compare.matching import Matches, iou_table
from iu_tuner.vision.statistics.average_precision import MAX_DETECTIONS, precision_at_recalls

BACKGROUND_IOU = 0.1  # TIDE's threshold: a detection that overlaps no object by more is on the background
KINDS: Mapping[str, str] = {
    "classification": "the place is right, the class wrong",
    "localisation": "the class is right, the box not close enough",
    "both": "the class and the box are wrong",
    "duplicate": "the object is found already",
    "background": "nothing is there",
    "missed": "no detection is near the object",
}
"""each kind, and what it means"""


@dataclass(frozen=True)
class KindOfError:
    """How many errors there are of a kind, and how much average precision would rise without them."""

    count: int
    lost_precision: float


@dataclass
class _Errors:
    """The detections (indices) of each kind, and the object that a detection would have had."""

    detections_by_kind: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in KINDS})
    object_of_detection: dict[int, int] = field(default_factory=dict)


def errors_by_kind(matches: Matches, iou_row: int, classes: int) -> dict[str, KindOfError]:
    """Split the errors at threshold number `iou_row`, of the detections that count for average precision."""
    detections, truth = matches.detections, matches.truth
    is_counted = (matches.rank < MAX_DETECTIONS) & ~matches.ignored[iou_row]
    is_right = matches.right(iou_row) & is_counted
    errors = _split(matches, iou_row, is_counted & ~is_right)
    objects = np.bincount(truth.klass[~truth.crowd], minlength=classes)
    is_free = ~truth.crowd
    is_free[matches.matched[iou_row, is_right]] = False
    is_covered = np.zeros(len(is_free), dtype=bool)
    is_covered[list(errors.object_of_detection.values())] = True
    missed = np.bincount(truth.klass[is_free & ~is_covered], minlength=classes)

    def precision(klass: Ints, is_right: Bools, is_kept: Bools, object_counts: Ints) -> float:
        return _mean_precision(klass, matches, is_right, is_kept, object_counts)

    base_precision = precision(detections.klass, is_right, is_counted, objects)
    lost_precision = {}
    for name, of_kind in errors.detections_by_kind.items():
        klass, is_right_now, is_kept = detections.klass.copy(), is_right.copy(), is_counted.copy()
        is_kept[of_kind] = False
        for detection in _first_per_object(of_kind, errors.object_of_detection, is_free, matches):
            is_kept[detection] = is_right_now[detection] = True
            klass[detection] = truth.klass[errors.object_of_detection[detection]]
        lost_precision[name] = precision(klass, is_right_now, is_kept, objects) - base_precision
    lost_precision["missed"] = precision(detections.klass, is_right, is_counted, objects - missed) - base_precision
    counts = {name: len(of_kind) for name, of_kind in errors.detections_by_kind.items()} | {"missed": int(missed.sum())}
    return {name: KindOfError(counts[name], lost_precision[name]) for name in KINDS}


def _split(matches: Matches, iou_row: int, is_false: Bools) -> _Errors:
    errors, min_iou = _Errors(), matches.thresholds[iou_row]
    detections, truth = matches.detections, matches.truth
    for image in np.unique(detections.image[is_false]).tolist():
        detection_range, object_range = detections.of(image), truth.of(image)
        objects = np.flatnonzero(~truth.crowd[object_range]) + object_range.start
        false_detections = np.flatnonzero(is_false[detection_range]) + detection_range.start
        if len(objects) == 0:
            errors.detections_by_kind["background"] += false_detections.tolist()
            continue
        ious = iou_table(detections, truth, image)[:, objects - object_range.start][
            false_detections - detection_range.start
        ]
        is_same_class = detections.klass[false_detections, None] == truth.klass[None, objects]
        own_ious, other_ious = (np.where(is_chosen, ious, 0.0) for is_chosen in (is_same_class, ~is_same_class))
        nearest = zip(
            own_ious.argmax(1).tolist(),
            own_ious.max(1).tolist(),
            other_ious.argmax(1).tolist(),
            other_ious.max(1).tolist(),
            strict=True,
        )
        for detection, nearest_objects in zip(false_detections.tolist(), nearest, strict=True):
            kind, object_index = _kind(*nearest_objects, min_iou)
            errors.detections_by_kind[kind].append(detection)
            if object_index is not None:
                errors.object_of_detection[detection] = int(objects[object_index])
    return errors


def _kind(
    own_object: int, own_iou: float, other_object: int, other_iou: float, min_iou: float
) -> tuple[str, int | None]:
    """The kind of a false detection, and the object it is about.

    `own_object` is the object of its class that it overlaps most, `other_object` the one of another class.
    """
    if BACKGROUND_IOU <= own_iou < min_iou:
        return "localisation", own_object
    if other_iou >= min_iou:
        return "classification", other_object
    if own_iou >= min_iou:
        return "duplicate", None
    return ("background" if max(own_iou, other_iou) <= BACKGROUND_IOU else "both"), None


def _first_per_object(
    detections: list[int], object_of_detection: dict[int, int], is_free: Bools, matches: Matches
) -> list[int]:
    """Of detections about the same object, the one with the highest score, if no detection has the object."""
    first: dict[int, int] = {}
    for detection in sorted(detections, key=lambda each: -matches.detections.score[each]):
        if detection in object_of_detection and is_free[object_of_detection[detection]]:
            first.setdefault(object_of_detection[detection], detection)
    return list(first.values())


def _mean_precision(klass: Ints, matches: Matches, is_right: Bools, is_kept: Bools, objects: Ints) -> float:
    precisions = []
    for one_class in np.flatnonzero(objects):
        kept_detections = np.flatnonzero(is_kept & (klass == one_class))
        kept_detections = kept_detections[np.argsort(-matches.detections.score[kept_detections], kind="stable")]
        hits, misses = (np.cumsum(is_hit[kept_detections], dtype=np.int32)[None] for is_hit in (is_right, ~is_right))
        precisions.append(precision_at_recalls(hits, misses, objects[one_class : one_class + 1])[0])
    return float(np.mean(precisions)) if precisions else 0.0
