"""Which class is taken for which, image by image; how well the boxes fit; and the images with the most errors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from iu_tuner.vision.compare.alignment import Bools, Boxes, Floats
from iu_tuner.vision.compare.matching import Matches, overlaps

NOTHING = -1  # in place of a class: nothing is there, or nothing was found
TOO_LARGE = 1.5  # times the area of the object: such a hit is shown as too large
WORST = 12


@dataclass(frozen=True)
class Pair:
    """An object and the detection at its place, by index; NOTHING where one of them is missing."""

    image: int
    truth: int
    found: int


@dataclass(frozen=True)
class BoxFit:
    """Of the hits: median intersection over union, and median area of the detection over that of the object."""

    overlap: float | None
    area_ratio: float | None


@dataclass(frozen=True)
class BadImage:
    """The errors on an image: objects that were missed, detections of nothing, hits that are too large."""

    image: int
    missed: int
    invented: int
    too_large: int


def pairs(matches: Matches, row: int, kept: Bools) -> list[Pair]:
    """Each object with the detection that found it, else with a detection of another class at its place.

    Detections of another class are taken by score; they need the overlap of threshold number `row`, too.
    """
    found, truth = matches.found, matches.truth
    hit_by = np.where(kept & matches.right(row), matches.matched[row], NOTHING).tolist()
    reaches, is_object = kept.tolist(), (~truth.crowd).tolist()
    return [
        pair
        for image in range(len(found.starts) - 1)
        for pair in _pairs_of(image, found, truth, reaches, hit_by, is_object, matches.thresholds[row])
    ]


def _pairs_of(
    image: int, found: Boxes, truth: Boxes, reaches: list[bool], hit_by: list[int], is_object: list[bool], needed: float
) -> Iterator[Pair]:
    """The pairs of an image. `reaches` and `hit_by` are of the detections, `is_object` of the truth."""
    here, there = found.of(image), truth.of(image)
    mine = [each for each in range(here.start, here.stop) if reaches[each]]
    hits = {each: hit_by[each] for each in mine if hit_by[each] != NOTHING}
    taken = set(hits.values())
    open_objects = [each for each in range(there.start, there.stop) if is_object[each] and each not in taken]
    others = [each for each in mine if each not in hits]
    yield from (Pair(image, index, detection) for detection, index in hits.items())
    if others and open_objects:
        table = overlaps(found, truth, image)
        for detection in tuple(others):
            values = {each: table[detection - here.start, each - there.start] for each in open_objects}
            values = {each: value for each, value in values.items() if truth.klass[each] != found.klass[detection]}
            best = max(values, key=lambda each: values[each], default=NOTHING)
            if best != NOTHING and values[best] >= needed:
                yield Pair(image, best, detection)
                others.remove(detection)
                open_objects.remove(best)
    yield from (Pair(image, index, NOTHING) for index in open_objects)
    yield from (Pair(image, NOTHING, detection) for detection in others)


def cells(matches: Matches, found: list[Pair]) -> dict[tuple[int, int], list[int]]:
    """The confusion table: by (true class, found class), the image of each case. NOTHING stands for no class."""
    table: dict[tuple[int, int], list[int]] = defaultdict(list)
    for pair in found:
        true = NOTHING if pair.truth == NOTHING else int(matches.truth.klass[pair.truth])
        seen = NOTHING if pair.found == NOTHING else int(matches.found.klass[pair.found])
        table[true, seen].append(pair.image)
    return dict(sorted(table.items()))


def box_fit(matches: Matches, found: list[Pair]) -> BoxFit:
    """How well the boxes of the hits fit."""
    hits = _hits(matches, found)
    if not hits:
        return BoxFit(None, None)
    seen, true = _boxes_of(matches, hits)
    sides = np.minimum(seen[:, :2] + seen[:, 2:], true[:, :2] + true[:, 2:]) - np.maximum(seen[:, :2], true[:, :2])
    inside = np.maximum(sides, 0).prod(axis=1)
    together = seen[:, 2:].prod(axis=1) + true[:, 2:].prod(axis=1) - inside
    return BoxFit(float(np.median(inside / together)), float(np.median(_area_ratios(matches, hits))))


def worst_images(matches: Matches, found: list[Pair]) -> list[BadImage]:
    """At most WORST images with errors, those with the most first."""
    missed: dict[int, int] = defaultdict(int)
    invented: dict[int, int] = defaultdict(int)
    large: dict[int, int] = defaultdict(int)
    hits = _hits(matches, found)
    for hit, ratio in zip(hits, _area_ratios(matches, hits), strict=True):
        large[hit.image] += bool(ratio >= TOO_LARGE)
    for pair in set(found) - set(hits):
        missed[pair.image] += pair.truth != NOTHING
        invented[pair.image] += pair.found != NOTHING
    bad = [BadImage(image, missed[image], invented[image], large[image]) for image in {*missed, *invented, *large}]
    bad = [each for each in bad if each.missed + each.invented + each.too_large]
    bad.sort(key=lambda each: (-each.missed - each.invented, -each.too_large, each.image))
    return bad[:WORST]


def _hits(matches: Matches, found: list[Pair]) -> list[Pair]:
    truth, detected = matches.truth.klass.tolist(), matches.found.klass.tolist()
    return [
        pair for pair in found if NOTHING not in (pair.truth, pair.found) and truth[pair.truth] == detected[pair.found]
    ]


def _boxes_of(matches: Matches, hits: list[Pair]) -> tuple[Floats, Floats]:
    """The boxes of the detections, and of the objects, of hits: each (hits, 4)."""
    seen = matches.found.box[[hit.found for hit in hits]]
    return seen, matches.truth.box[[hit.truth for hit in hits]]


def _area_ratios(matches: Matches, hits: list[Pair]) -> Floats:
    """The area of each hit over that of its object."""
    if not hits:
        return np.zeros(0)
    seen, true = _boxes_of(matches, hits)
    ratios: Floats = seen[:, 2:].prod(axis=1) / true[:, 2:].prod(axis=1)
    return ratios
