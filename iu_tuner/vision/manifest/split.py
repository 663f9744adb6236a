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
from iu_tuner.vision.manifest.attributes import attribute_types, label_names
from iu_tuner.vision.manifest.finding import WHOLE_FILE, Finding
from iu_tuner.vision.manifest.lines import nonblank_lines, parse_line, replace_file

TRAIN, TEST = "train.manifest", "test.manifest"
MIN_OVERLAP = 0.5  # the guide, "Validation rules": (labels of both) / (labels of train)
Labels = tuple[str, ...]


class Split(NamedTuple):
    """How many lines each file has, and what is wrong with them."""

    train: int
    test: int
    findings: list[Finding]


class _Lines(NamedTuple):
    """Of each line that is not blank: the hash of its key, and the index of its labels in `labels`."""

    key_hashes: array[int]
    label_indices: array[int]
    labels: list[Labels]


def split(source: Path, percent: float, folder: Path) -> Split:
    """Write `train.manifest` and `test.manifest`; `percent` of the images, rounded, are for the test.

    An image goes with the hash of its key: of the images of a label those with the smallest hashes are for the test.
    So the order of the lines changes nothing, and new images move few of the others.

    Raises:
        UsageError: a line has no image, or that of another line; or a file can't be written.
    """
    lines = _read(source)
    if len(lines.key_hashes) < 2:
        raise UsageError(f"{source}: it has one image; a split takes two or more")
    strata = _strata(lines)
    test_lines = _choose_test_lines(lines.key_hashes, strata, round(len(strata) * percent / 100))
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as files:
        train, test = (files.enter_context(replace_file(folder / name)) for name in (TRAIN, TEST))
        for index, (_, line) in enumerate(nonblank_lines(source)):
            (test if index in test_lines else train).write(line if line.endswith(b"\n") else line + b"\n")
    return Split(len(strata) - len(test_lines), len(test_lines), _overlap_findings(lines, test_lines))


def _read(source: Path) -> _Lines:
    first_lines: dict[int, int] = {}
    key_hashes, label_indices, labels = array("Q"), array("L"), dict[Labels, int]()
    for number, line_bytes in nonblank_lines(source):
        try:
            line = parse_line(line_bytes)
            if (location := bucket_and_key(line.get("source-ref"))) is None:
                raise ValueError("its source-ref is no s3://bucket/key")
            key_hash = int.from_bytes(
                blake2b(location[1].encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big"
            )
            if (first := first_lines.setdefault(key_hash, number)) != number:
                raise ValueError(f"the image is that of line {first}, too")
        except ValueError as error:
            raise UsageError(f"{source}: line {number}: {error}; see `iu-tuner manifest check`") from None
        key_hashes.append(key_hash)
        names = tuple(sorted(label_names(line, attribute_types(line))))
        label_indices.append(labels.setdefault(names, len(labels)))
    return _Lines(key_hashes, label_indices, list(labels))


def _strata(lines: _Lines) -> list[str | None]:
    """The label by which each line is spread: the rarest of its image, so that each label gets into both files."""
    images: Counter[str] = Counter()
    for index in lines.label_indices:
        images.update(lines.labels[index])
    rarest = [min(names, key=lambda name: (images[name], name), default=None) for names in lines.labels]
    return [rarest[index] for index in lines.label_indices]


def _choose_test_lines(key_hashes: array[int], strata: list[str | None], number: int) -> set[int]:
    """Indices of the lines for the test: each stratum's share of `number`, and of two lines or more one at least."""
    by_hash = sorted(range(len(strata)), key=key_hashes.__getitem__)
    number = max(1, min(number, len(strata) - 1))
    members: dict[str | None, list[int]] = {}
    for index in by_hash:
        members.setdefault(strata[index], []).append(index)
    shares = {label: number / len(strata) * len(indices) for label, indices in members.items()}
    numbers = {label: min(max(int(shares[label]), 1), len(indices) - 1) for label, indices in members.items()}
    for label in sorted(members, key=lambda label: (numbers[label] - shares[label], label or "")):
        if sum(numbers.values()) < number and numbers[label] < len(members[label]) - 1:  # the largest remainders first
            numbers[label] += 1
    test_lines = {index for label, indices in members.items() for index in indices[: numbers[label]]}
    single_lines = [indices[0] for indices in members.values() if len(indices) == 1]
    return test_lines | set(sorted(single_lines, key=key_hashes.__getitem__)[: max(number - len(test_lines), 0)])


def _overlap_findings(lines: _Lines, test_lines: set[int]) -> list[Finding]:
    test_indices = {lines.label_indices[index] for index in test_lines}
    train_indices = {each for index, each in enumerate(lines.label_indices) if index not in test_lines}
    train, test = (
        {name for index in indices for name in lines.labels[index]} for indices in (train_indices, test_indices)
    )
    if not train or len(train & test) >= MIN_OVERLAP * len(train):
        return []
    sentence = f"{len(train & test)} of the {len(train)} labels of {TRAIN} are in {TEST}, too; takes at least half"
    return [Finding(WHOLE_FILE, "ERROR_INSUFFICIENT_LABEL_OVERLAP", sentence)]
