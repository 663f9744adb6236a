"""A split has the wanted size, each label in both files and no image in both; it does not change with the order."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iu_tuner.vision.manifest.split import TEST, TRAIN, split
from tests.unit.vision.comparing import REAL
from tests.unit.vision.manifest.samples import BOX, Line, Manifest, boxes, classes, text


def halves(folder: Path) -> tuple[list[str], list[str]]:
    train, test = ((folder / name).read_text("utf-8").splitlines() for name in (TRAIN, TEST))
    return train, test


def test_500_lines_are_400_and_100(manifest: Manifest) -> None:
    """The shape of the bees: one class with boxes; seven images have none."""
    lines = [boxes(number, [BOX] if number > 7 else []) for number in range(500)]

    done = manifest("split", manifest.file(text(*lines)), "--test", "20", "--out", manifest.folder / "out")

    train, test = halves(manifest.folder / "out")
    assert (done.code, done.out) == (0, "")
    assert (len(train), len(test)) == (400, 100)


def test_a_real_file_of_ten_classes(manifest: Manifest) -> None:
    source = REAL / "birds-classes.manifest"

    manifest("split", source, "--test", "20", "--out", manifest.folder)

    train, test = halves(manifest.folder)
    attribute = "birds-open-images-clone-metadata"
    counts = [Counter(json.loads(line)[attribute]["class-name"] for line in half) for half in (train, test)]
    assert sorted([*train, *test]) == sorted(source.read_text("utf-8").splitlines())
    assert (len(train), len(test)) == (242, 60)
    assert len(counts[0]) == len(counts[1]) == 10
    for name in counts[0]:
        assert counts[1][name] == pytest.approx(0.2 * (counts[0][name] + counts[1][name]), abs=1)


def test_the_order_changes_nothing_and_new_images_little(manifest: Manifest) -> None:
    lines = [boxes(number) for number in range(300)]
    shuffled = random.Random(1).sample(lines, 300)

    def test_images(listed: list[Line]) -> set[str]:
        manifest("split", manifest.file(text(*listed)), "--test", "20", "--out", manifest.folder)
        return set(halves(manifest.folder)[1])

    first = test_images(lines)
    assert test_images(shuffled) == first
    with_more = test_images([*lines, *(boxes(number) for number in range(300, 400))])
    assert len(first - with_more) <= 6  # of 60; a split by chance would lose about 48


@given(
    labels=st.lists(st.sets(st.sampled_from("abcdef"), max_size=3), min_size=2, max_size=60), percent=st.floats(1, 99)
)
def test_any_manifest(tmp_path_factory: pytest.TempPathFactory, labels: list[set[str]], percent: float) -> None:
    folder = tmp_path_factory.mktemp("any")
    lines = [
        {
            "source-ref": f"s3://meadow/{number}.jpg",
            **dict.fromkeys(names, 0),
            **{f"{name}-metadata": {"class-name": name, "type": "groundtruth/image-classification"} for name in names},
        }
        for number, names in enumerate(labels)
    ]
    (folder / "in.manifest").write_text(text(*lines), "utf-8")

    done = split(folder / "in.manifest", percent, folder)

    train, test = halves(folder)
    assert (len(train), len(test)) == (done.train, done.test)
    assert sorted([*train, *test]) == sorted(text(*lines).splitlines())
    assert train
    assert test
    rarest = Counter(
        min(names, key=lambda name: (sum(name in each for each in labels), name)) for names in labels if names
    )
    for name, number in rarest.items():
        if number > 1:
            assert all(any(f'"{name}": 0' in line for line in half) for half in (train, test))


def test_too_few_common_labels_are_a_finding(manifest: Manifest) -> None:
    lines = [classes(number, f"kind {number}") for number in range(4)]

    done = manifest("split", manifest.file(text(*lines)), "--test", "25", "--out", manifest.folder)

    assert (done.code, done.findings) == (1, [(0, "ERROR_INSUFFICIENT_LABEL_OVERLAP")])


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([boxes(1), boxes(2), boxes(1)], "line 3: the image is that of line 1, too"),
        ([boxes(1), "{"], "line 2: the line is no JSON"),
        ([boxes(1), {"source": "text"}], "line 2: its source-ref is no s3://bucket/key"),
        ([boxes(1)], "it has one image"),
    ],
)
def test_a_line_that_can_be_in_no_file_is_refused(manifest: Manifest, lines: list[Line | str], sentence: str) -> None:
    done = manifest("split", manifest.file(text(*lines)), "--test", "20", "--out", manifest.folder / "out")

    assert done.code == 2
    assert sentence in done.err
    assert not (manifest.folder / "out").exists()


@pytest.mark.parametrize("percent", ["0", "100", "-1", "nan"])
def test_a_share_that_is_none_is_refused(manifest: Manifest, percent: str) -> None:
    done = manifest("split", manifest.file(text(boxes(1), boxes(2))), f"--test={percent}", "--out", manifest.folder)

    assert done.code == 2
    assert "--test" in done.err
