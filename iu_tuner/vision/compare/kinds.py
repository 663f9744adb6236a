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
        detections = np.flatnonzero(false[here]) + here.start
        if len(objects) == 0:
            errors.kind["background"] += detections.tolist()
            continue
        table = overlaps(found, truth, image)[:, objects - there.start][detections - here.start]
        same = found.klass[detections, None] == truth.klass[None, objects]
        own, other = (np.where(which, table, 0.0) for which in (same, ~same))
        nearest = zip(
            own.argmax(1).tolist(), own.max(1).tolist(), other.argmax(1).tolist(), other.max(1).tolist(), strict=True
        )
        for detection, places in zip(detections.tolist(), nearest, strict=True):
            kind, place = _kind(*places, needed)
            errors.kind[kind].append(detection)
            if place is not None:
                errors.target[detection] = int(objects[place])
    return errors


def _kind(own: int, overlap: float, other: int, other_overlap: float, needed: float) -> tuple[str, int | None]:
    """The kind of a false detection, and the object it is about.

    `own` is the object of its class that it overlaps most, `other` the one of another class.
    """
    if BACKGROUND <= overlap < needed:
        return "localisation", own
    if other_overlap >= needed:
        return "classification", other
    if overlap >= needed:
        return "duplicate", None
    return ("background" if max(overlap, other_overlap) <= BACKGROUND else "both"), None


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
        hits, misses = (np.cumsum(of[chosen], dtype=np.int32)[None] for of in (right, ~right))
        found.append(precision_at_recalls(hits, misses, objects[each : each + 1])[0])
    return float(np.mean(found)) if found else 0.0
