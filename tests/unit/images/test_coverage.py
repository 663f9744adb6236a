"""An answer that rests on few of the user's images says so, with numbers and what to do."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from lambdas.images.coverage import ImagesFound, Sample, image_cautions
from lambdas.images.image import TOO_LARGE, TOO_LARGE_FOR_BYTES, TOO_MANY_PIXELS


def cautions(
    *samples: Sample, chosen: int = 24, refused: int = 0, objects: int = 5000, cut: bool = False
) -> tuple[str, ...]:
    found = ImagesFound.of(samples, prefix="samples/", listing_was_cut=cut)
    return image_cautions(found, object_count=objects, chosen_count=chosen, refused_count=refused)


def all_seen(usable: int, left_out: Mapping[str, int] | None = None) -> Sample:
    in_all = usable + sum((left_out or {}).values())
    return Sample(in_all, in_all, usable, left_out or {})


def test_nothing_is_said_of_images_that_are_the_users() -> None:
    assert cautions(all_seen(30)) == ()
    assert cautions(all_seen(28, {"empty": 2})) == ()


def test_a_notable_share_is_told_with_its_numbers_and_what_to_do() -> None:
    assert cautions(all_seen(6, {TOO_LARGE_FOR_BYTES: 40}), chosen=6) == (
        "40 of 46 images were left out as too large for bytes: measured with the smallest only; give images.source s3",
    )


def test_several_reasons_are_told_each_with_its_number() -> None:
    (said,) = cautions(all_seen(20, {"HEIC": 9, TOO_MANY_PIXELS: 5, "empty": 3, "cut off": 2, "text": 1}))

    assert said == (
        "20 of 40 images were left out (9 as HEIC, 5 as of more than 4096 pixels a side, 3 as empty, 2 as cut off,"
        " 1 for other reasons); convert HEIC to JPEG or PNG; make them smaller"
    )


def test_images_too_large_for_both_ways_are_not_sent_to_s3() -> None:
    (said,) = cautions(all_seen(24, {TOO_LARGE: 24}))

    assert "measured with the smallest only; make them smaller" in said
    assert "images.source" not in said


def test_what_was_looked_at_stands_for_thousands() -> None:
    too_large = Sample(3000, 3000, 0, {TOO_LARGE_FOR_BYTES: 3000})  # which the listing tells of each

    (said,) = cautions(too_large, Sample(2000, 48, 24, {"cut off": 24}))

    assert said == (
        "about 4,000 of 5,000 images were left out (3,000 as too large for bytes, 1,000 as cut off), judging by the"
        " 3,048 looked at: measured with the smallest only; give images.source s3"
    )


def test_a_few_of_thousands_that_the_listing_tells_of_are_not_taken_for_a_share_of_the_sample() -> None:
    assert cautions(Sample(100, 100, 0, {"empty": 100}), Sample(4900, 24, 24, {})) == ()


def test_objects_that_no_look_came_to_are_not_counted() -> None:
    assert cautions(all_seen(30), Sample(5000, 0, 0, {})) == ()


@pytest.mark.parametrize(("used", "said"), [(1, "only 1 image: upload"), (5, "only 5 images: upload"), (6, None)])
def test_a_handful_is_told(used: int, said: str | None) -> None:
    found = cautions(all_seen(used), chosen=used)

    assert found == () if said is None else said in found[0]


def test_what_the_model_refuses_is_told() -> None:
    assert cautions(all_seen(30), refused=2) == ()
    assert cautions(all_seen(30), refused=12) == (
        "the model refused 12 of the 24 images chosen: images.skipped says why",
    )
    assert "measured with only 1 image:" in cautions(all_seen(30), refused=23)[1]


def test_a_listing_that_was_cut_is_told() -> None:
    (said,) = cautions(all_seen(10_000), objects=10_000, cut=True)

    assert said.startswith("only the first 10,000 objects under samples/ were listed, in the order of their keys")
