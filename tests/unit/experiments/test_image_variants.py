"""Which images a step of a comparison sends, and how."""

from __future__ import annotations

import pytest

from iu_tuner.contract.choices import Source
from lambdas.experiments.image_variants import images_of, size_classes, source_of
from lambdas.load.step import Series
from simulation.image_comparison import images_of_sizes, run_with


@pytest.mark.parametrize(
    ("sizes", "classes"),
    [
        pytest.param(
            (900, 100, 400, 110, 410, 910, 105),
            {"small": [100, 105], "medium": [110, 400], "large": [410, 900, 910]},
            id="thirds",
        ),
        pytest.param((100, 200, 400), {"small": [100], "medium": [200], "large": [400]}, id="one each"),
        pytest.param((100, 400), {"small": [100], "large": [400]}, id="two images"),
        pytest.param((100, 101, 900), {"small": [100, 101], "large": [900]}, id="two thirds alike"),
        pytest.param((100, 105, 108, 109), {}, id="all alike"),
        pytest.param((100,), {}, id="one image"),
        pytest.param((), {}, id="none"),
    ],
)
def test_size_classes_are_thirds_as_found(sizes: tuple[int, ...], classes: dict[str, list[int]]) -> None:
    found = size_classes(images_of_sizes(*sizes))

    assert {name: [image.bytes for image in each] for name, each in found.items()} == classes


def test_the_ways_are_compared_with_what_both_can_take() -> None:
    run = run_with(images_of_sizes(100, 4 * 1024**2, 4 * 1024**2 + 1), source="s3")

    assert [image.bytes for image in images_of(run, "s3", ())] == [100, 4 * 1024**2]
    assert images_of(run, "bytes", ()) == images_of(run, "s3", ())
    assert images_of(run, "main", ()) == run.images


@pytest.mark.parametrize("series", ["main", "bytes", "s3", "large", "scaling"])
def test_an_image_that_the_model_refused_is_in_no_series(series: Series) -> None:
    run = run_with(images_of_sizes(100, 200, 400, 500))

    assert "samples/03.jpg" not in {image.key for image in images_of(run, series, {"samples/03.jpg"})}


@pytest.mark.parametrize(
    ("series", "own", "sent_as"),
    [
        ("main", "s3", "s3"),
        ("large", "s3", "s3"),
        ("scaling", "bytes", "bytes"),
        ("bytes", "s3", "bytes"),
        ("s3", "bytes", "s3"),
    ],
)
def test_only_the_ways_themselves_are_sent_otherwise_than_the_run(series: Series, own: Source, sent_as: Source) -> None:
    assert source_of(run_with([], source=own), series) == sent_as
