"""Which images of a listing are used, and what is counted of the others: right for 5 objects and for 5,000."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from iu_tuner.contract.choices import Source
from iu_tuner.contract.errors import NoUsableImages
from lambdas.aws import settings
from lambdas.images.image import IMAGE_SUFFIXES, TOO_LARGE_FOR_BYTES, TOO_MANY_PIXELS
from lambdas.images.listing import MAX_LISTED
from lambdas.images.search import MAX_INSPECTED
from lambdas.images.selection import Selection, choose_images
from tests.listed_bucket import ListedBucket
from tests.support.hostile_images import JPEG, flat_jpeg

LARGE = flat_jpeg(4200, 100)
MB = 1024**2


@pytest.fixture(autouse=True)
def bucket_of_the_stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("IMAGE_BUCKET", "images")
    monkeypatch.setenv("PRICE_PER_IU_HOUR_USD", "4.0")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    settings.settings.cache_clear()
    yield
    settings.settings.cache_clear()


def chosen(bucket: ListedBucket, prefix: str = "samples/", source: Source = "bytes") -> Selection:
    return choose_images(bucket, "images", prefix, source)


def keys(selection: Selection) -> list[str]:
    return [image.key for image in selection.images]


def refusal(bucket: ListedBucket, prefix: str = "samples/") -> str:
    with pytest.raises(NoUsableImages) as refused:
        chosen(bucket, prefix)
    return refused.value.sentence


def test_the_next_image_takes_the_place_of_one_left_out() -> None:
    contents = {f"samples/{n:02}.jpg": (LARGE if n % 2 else JPEG) + bytes(n) for n in range(60)}

    selection = chosen(ListedBucket(contents))

    assert len(selection.images) == 24
    assert all(int(key[8:10]) % 2 == 0 for key in keys(selection))
    assert selection.counted
    assert selection.counted.left_out.keys() == {TOO_MANY_PIXELS}
    assert selection.counted.left_out[TOO_MANY_PIXELS] == pytest.approx(30, abs=6)


def test_places_are_taken_by_images_of_all_sizes() -> None:
    sizes = {f"samples/{n:04}.jpg": 10_000 + 100 * n for n in range(2000)}
    contents = {key: LARGE if n % 3 else JPEG for n, key in enumerate(sizes)}

    used = sorted(image.bytes for image in chosen(ListedBucket(contents, sizes)).images)

    assert len(used) == 24
    assert used[5] < 80_000 < used[12] < 140_000 < used[18]


def test_what_the_listing_rules_out_is_counted_without_a_look() -> None:
    contents = {f"samples/{n:04}.jpg": JPEG for n in range(5000)}
    bucket = ListedBucket(contents, dict.fromkeys(sorted(contents)[:4000], 5 * MB))

    selection = chosen(bucket)

    assert selection.counted
    assert selection.counted.left_out == {TOO_LARGE_FOR_BYTES: 4000}
    assert (selection.counted.images, selection.skipped_total) == (5000, 4000)
    assert len(bucket.looked_at) == 24
    assert len(chosen(bucket, source="s3").images) == 24


@pytest.mark.parametrize("bad_share", [0.2, 0.5, 0.8])
def test_the_share_of_thousands_is_estimated_from_those_looked_at(bad_share: float) -> None:
    bad = {n for n in range(5000) if (n * 0.618034) % 1 < bad_share}
    contents = {f"samples/{n:04}.jpg": b"<html>" if n in bad else JPEG for n in range(5000)}
    bucket = ListedBucket(contents, {key: len(JPEG) + n for n, key in enumerate(contents)})

    selection = chosen(bucket)

    assert selection.counted
    assert selection.counted.is_estimate
    assert selection.counted.images == pytest.approx(5000, abs=1)
    assert sum(selection.counted.left_out.values()) == pytest.approx(5000 * bad_share, abs=750)
    assert len(bucket.looked_at) < 300


@pytest.mark.parametrize("number", [10, 30])
def test_texts_beside_the_images_are_no_images_left_out(number: int) -> None:
    contents = {f"samples/{n:02}.jpg": JPEG for n in range(number)}
    contents |= {f"samples/{n:02}.xml": b"<a/>" for n in range(number)}
    contents |= {f"samples/._{n:02}.jpg": b"\0\x05\x16\x07" for n in range(number)}

    selection = chosen(ListedBucket(contents))

    assert selection.counted
    assert (selection.counted.images, dict(selection.counted.left_out)) == (number, {})
    assert selection.object_count == 3 * number


def test_pictures_of_other_formats_are_images_left_out() -> None:
    contents = {f"samples/{n:02}.jpg": JPEG for n in range(30)}
    contents |= {f"samples/{n:04}.HEIC": b"\0\0\0\x18ftypheic" for n in range(3000)}
    bucket = ListedBucket(contents)

    selection = chosen(bucket)

    assert selection.counted
    assert (selection.counted.images, selection.counted.left_out["HEIC"]) == (3030, 3000)
    assert len(bucket.looked_at) < 50


def test_images_without_a_suffix_are_found_and_counted() -> None:
    contents = {f"samples/{n:04x}": JPEG if n % 2 else b"GIF89a" for n in range(1000)}

    selection = chosen(ListedBucket(contents))

    assert len(selection.images) == 24
    assert selection.counted
    assert selection.counted.left_out["GIF"] == pytest.approx(500, abs=100)
    assert selection.counted.images == pytest.approx(1000, abs=1)


@pytest.mark.parametrize("suffix", [*IMAGE_SUFFIXES, ".Jpg", ".JFIF", ".Png"])
def test_an_image_of_any_suffix_is_looked_at_first(suffix: str) -> None:
    contents = {f"samples/{n:04}": b"no image" for n in range(5000)} | {f"samples/9999{suffix}": JPEG}
    bucket = ListedBucket(contents)

    assert keys(chosen(bucket)) == [f"samples/9999{suffix}"]
    assert len(bucket.looked_at) <= MAX_INSPECTED


def test_a_folder_is_not_the_others_that_begin_like_it() -> None:
    contents = {"samples/a.jpg": JPEG, "samples_backup/b.jpg": JPEG, "samples-old/c.jpg": JPEG}

    selection = chosen(ListedBucket(contents), prefix="samples")

    assert keys(selection) == ["samples/a.jpg"]
    assert selection.counted
    assert selection.counted.prefix == "samples/"
    assert len(chosen(ListedBucket(contents), prefix="samples-o").images) == 1
    assert len(chosen(ListedBucket(contents), prefix="sam").images) == 3


@pytest.mark.parametrize(
    ("prefix", "there"),
    [
        ("sample/", "samples/, samples_backup/, elsewhere/"),
        ("Samples/", "samples/, samples_backup/, elsewhere/"),
        ("elsewhere/depp/", "elsewhere/deep/"),
        ("elsewhere/deep/er/still/", "elsewhere/deep/"),
        ("elsewhere/depp/er/", "elsewhere/deep/"),
    ],
)
def test_where_nothing_is_the_prefixes_that_exist_are_named(prefix: str, there: str) -> None:
    places = ("samples/", "samples_backup/", "elsewhere/deep/", "reports/run-1/")

    said = refusal(ListedBucket({f"{place}a.jpg": JPEG for place in places}), prefix)

    assert said.startswith(f"none of the 0 objects under s3://images/{prefix} can be used - ")
    assert f"give a prefix that exists as images.prefix: {there}; or upload JPEG or PNG images there" in said


def test_images_that_lie_in_no_folder_are_found_by_the_empty_prefix() -> None:
    assert 'images.prefix: ""; or' in refusal(ListedBucket({"a.jpg": JPEG}))


def test_a_prefix_is_no_pattern() -> None:
    assert "as images.prefix (it is no pattern): samples/" in refusal(
        ListedBucket({"samples/a.jpg": JPEG}), "samples/?."
    )


def test_an_empty_bucket_has_no_prefix_to_name() -> None:
    assert refusal(ListedBucket({})).endswith("can be used - upload JPEG or PNG images there")


def test_where_no_object_can_be_used_each_reason_is_counted() -> None:
    contents = {f"samples/{n:02}.jpg": LARGE for n in range(40)} | {f"samples/{n:02}.heic": b"" for n in range(20)}
    contents |= {"samples/a.png": JPEG}

    said = refusal(ListedBucket(contents, {"samples/a.png": 5 * MB}))

    assert said.startswith(
        f"none of the 61 objects under s3://images/samples/ can be used (40 {TOO_MANY_PIXELS}, like samples/00.jpg: it"
        " has 4200 x 100 pixels; 64 to 4096 a side are taken; 20 empty, like samples/00.heic: it is empty; 1 too"
    )
    assert said.endswith("- give images.source s3; or make them smaller; or upload JPEG or PNG images there")


def test_a_listing_that_was_cut_is_told() -> None:
    contents = dict.fromkeys([f"samples/{n:05}.jpg" for n in range(MAX_LISTED + 1)], JPEG)

    selection = chosen(ListedBucket(contents))

    assert selection.counted
    assert (selection.object_count, selection.counted.listing_was_cut) == (MAX_LISTED, True)
    assert "none of the 2,000 looked at of the first 10,000 objects" in refusal(
        ListedBucket(dict.fromkeys(contents, b"no image"))
    )
