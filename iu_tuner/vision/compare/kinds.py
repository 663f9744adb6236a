"""Errors by kind, as TIDE splits them (Bolya et al., 2020), each with the average precision that it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from iu_tuner.vision.compare.alignment import Bools, Ints
from iu_tuner.vision.compare.matching import Matches, overlaps
from iu_tuner.vision.statistics.average_precision import MAX_DETECTIONS, precision_at_recalls

BACKGROUND = 0.1  # TIDE's threshold: a detection that overlaps no object by more is on the background
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
    """`kind` has the detections (indices) of each kind; `target` the object that a detection would have had."""

    kind: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in KINDS})
    target: dict[int, int] = field(default_factory=dict)


def errors_by_kind(matches: Matches, row: int, classes: int) -> dict[str, KindOfError]:
    """Split the errors at threshold number `row`, of the detections that count for average precision."""
    found, truth = matches.found, matches.truth
    counted = (matches.rank < MAX_DETECTIONS) & ~matches.ignored[row]
    right = matches.right(row) & counted
    errors = _split(matches, row, counted & ~right)
    objects = np.bincount(truth.klass[~truth.crowd], minlength=classes)
    free = ~truth.crowd
    free[matches.matched[row, right]] = False
    covered = np.zeros(len(free), dtype=bool)
    covered[list(errors.target.values())] = True
    missed = np.bincount(truth.klass[free & ~covered], minlength=classes)

    def precision(klass: Ints, is_right: Bools, keep: Bools, there: Ints) -> float:
        return _mean_precision(klass, matches, is_right, keep, there)

    base = precision(found.klass, right, counted, objects)
    lost = {}
    for name, detections in errors.kind.items():
        klass, fixed, keep = found.klass.copy(), right.copy(), counted.copy()
        keep[detections] = False
        for detection in _first_per_object(detections, errors.target, free, matches):
            keep[detection] = fixed[detection] = True
            klass[detection] = truth.klass[errors.target[detection]]
        lost[name] = precision(klass, fixed, keep, objects) - base
    lost["missed"] = precision(found.klass, right, counted, objects - missed) - base
    counts = {name: len(detections) for name, detections in errors.kind.items()} | {"missed": int(missed.sum())}
    return {name: KindOfError(counts[name], lost[name]) for name in KINDS}


def _split(matches: Matches, row: int, false: Bools) -> _Errors:
    errors, needed = _Errors(), matches.thresholds[row]
    found, truth = matches.found, matches.truth
    for image in np.unique(found.image[false]).tolist():
        here, there = found.of(image), truth.of(image)
        objects = np.flatnonzero(~truth.crowd[there]) + there.start
        table = overlaps(found, truth, image)[:, objects - there.start]
        for detection in (np.flatnonzero(false[here]) + here.start).tolist():
            overlap = table[detection - here.start]
            same = truth.klass[objects] == found.klass[detection]
            kind, place = _kind(np.where(same, overlap, 0.0), np.where(same, 0.0, overlap), needed)
            errors.kind[kind].append(detection)
            if place is not None:
                errors.target[detection] = int(objects[place])
    return errors


def _kind(
    own: np.ndarray[tuple[int], np.dtype[np.float64]],
    other: np.ndarray[tuple[int], np.dtype[np.float64]],
    needed: float,
) -> tuple[str, int | None]:
    """The kind of a false detection by its overlaps with objects of its class and of others; the object it is about."""
    if len(own) == 0:
        return "background", None
    nearest, nearest_other = int(own.argmax()), int(other.argmax())
    if BACKGROUND <= own[nearest] < needed:
        return "localisation", nearest
    if other[nearest_other] >= needed:
        return "classification", nearest_other
    if own[nearest] >= needed:
        return "duplicate", None
    return ("background" if max(own[nearest], other[nearest_other]) <= BACKGROUND else "both"), None


def _first_per_object(detections: list[int], target: dict[int, int], free: Bools, matches: Matches) -> list[int]:
    """Of detections about the same object, the one with the highest score, if no detection has the object."""
    first: dict[int, int] = {}
    for detection in sorted(detections, key=lambda each: -matches.found.score[each]):
        if detection in target and free[target[detection]]:
            first.setdefault(target[detection], detection)
    return list(first.values())


def _mean_precision(klass: Ints, matches: Matches, right: Bools, keep: Bools, objects: Ints) -> float:
    found = []
    for each in np.flatnonzero(objects):
        chosen = np.flatnonzero(keep & (klass == each))
        chosen = chosen[np.argsort(-matches.found.score[chosen], kind="stable")]
        sums = (np.cumsum(of[chosen], dtype=np.int32)[None] for of in (right, ~right))
        found.append(precision_at_recalls(*sums, objects[each : each + 1])[0])
    return float(np.mean(found)) if found else 0.0
