"""Splits a manifest into one to train on and one to test on."""

from __future__ import annotations

from array import array
from collections import Counter
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from iu_tuner.exit_codes import UsageError
from iu_tuner.vision.manifest.addresses import bucket_and_key
from iu_tuner.vision.manifest.attributes import label_names, typed
from iu_tuner.vision.manifest.finding import WHOLE_FILE, Finding
from iu_tuner.vision.manifest.lines import filled_lines, parsed, replaced

TRAIN, TEST = "train.manifest", "test.manifest"
MIN_OVERLAP = 0.5  # the guide, "Validation rules": (labels of both) / (labels of train)
Labels = tuple[str, ...]


class Split(NamedTuple):
    """How many lines each file has, and what is wrong with them."""

    train: int
    test: int
    findings: list[Finding]


class _Lines(NamedTuple):
    """Of each line that is not blank: the hash of its key, and the place of its labels in `labels`."""

    hashes: array[int]
    places: array[int]
    labels: list[Labels]


def split(source: Path, percent: float, folder: Path) -> Split:
    """Write `train.manifest` and `test.manifest`; `percent` of the images, rounded, are for the test.

    An image goes with the hash of its key: of the images of a label those with the smallest hashes are for the test.
    So the order of the lines changes nothing, and new images move few of the others.

    Raises:
        UsageError: a line has no image, or that of another line; or a file can't be written.
    """
    lines = _read(source)
    if len(lines.hashes) < 2:
        raise UsageError(f"{source}: it has one image; a split takes two or more")
    strata = _strata(lines)
    chosen = _chosen(lines.hashes, strata, round(len(strata) * percent / 100))
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as files:
        train, test = (files.enter_context(replaced(folder / name)) for name in (TRAIN, TEST))
        for place, (_, line) in enumerate(filled_lines(source)):
            (test if place in chosen else train).write(line if line.endswith(b"\n") else line + b"\n")
    return Split(len(strata) - len(chosen), len(chosen), _overlap_findings(lines, chosen))


def _read(source: Path) -> _Lines:
    first_lines: dict[int, int] = {}
    hashes, places, labels = array("Q"), array("L"), dict[Labels, int]()
    for number, raw in filled_lines(source):
        try:
            line = parsed(raw)
            if (place := bucket_and_key(line.get("source-ref"))) is None:
                raise ValueError("its source-ref is no s3://bucket/key")
            hash_ = int.from_bytes(blake2b(place[1].encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
            if (first := first_lines.setdefault(hash_, number)) != number:
                raise ValueError(f"the image is that of line {first}, too")
        except ValueError as error:
            raise UsageError(f"{source}: line {number}: {error}; see `iu-tuner manifest check`") from None
        hashes.append(hash_)
        names = tuple(sorted(label_names(line, typed(line))))
        places.append(labels.setdefault(names, len(labels)))
    return _Lines(hashes, places, list(labels))


def _strata(lines: _Lines) -> list[str | None]:
    """The label by which each line is spread: the rarest of its image, so that each label gets into both files."""
    images: Counter[str] = Counter()
    for place in lines.places:
        images.update(lines.labels[place])
    rarest = [min(names, key=lambda name: (images[name], name), default=None) for names in lines.labels]
    return [rarest[place] for place in lines.places]


def _chosen(hashes: array[int], strata: list[str | None], wanted: int) -> set[int]:
    """The places of the lines for the test: each stratum's share of `wanted`, and of two lines or more at least one."""
    by_hash = sorted(range(len(strata)), key=hashes.__getitem__)
    wanted = max(1, min(wanted, len(strata) - 1))
    members: dict[str | None, list[int]] = {}
    for place in by_hash:
        members.setdefault(strata[place], []).append(place)
    shares = {label: wanted / len(strata) * len(listed) for label, listed in members.items()}
    numbers = {label: min(max(int(shares[label]), 1), len(listed) - 1) for label, listed in members.items()}
    for label in sorted(members, key=lambda label: (numbers[label] - shares[label], label or "")):
        if sum(numbers.values()) < wanted and numbers[label] < len(members[label]) - 1:  # the largest remainders first
            numbers[label] += 1
    chosen = {place for label, listed in members.items() for place in listed[: numbers[label]]}
    single = [listed[0] for listed in members.values() if len(listed) == 1]
    return chosen | set(sorted(single, key=hashes.__getitem__)[: max(wanted - len(chosen), 0)])


def _overlap_findings(lines: _Lines, chosen: set[int]) -> list[Finding]:
    test_places = {lines.places[place] for place in chosen}
    train_places = {each for place, each in enumerate(lines.places) if place not in chosen}
    train, test = ({name for place in places for name in lines.labels[place]} for places in (train_places, test_places))
    if not train or len(train & test) >= MIN_OVERLAP * len(train):
        return []
    sentence = f"{len(train & test)} of the {len(train)} labels of {TRAIN} are in {TEST}, too; takes at least half"
    return [Finding(WHOLE_FILE, "ERROR_INSUFFICIENT_LABEL_OVERLAP", sentence)]
