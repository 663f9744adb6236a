"""From a prefix or a list to shards: each image once, everything else counted with its reason."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iu_tuner.contract.batch.batch_input import parse_process_input
from iu_tuner.contract.errors import InvalidInput
from lambdas.batch.listing.list_images import ListingState
from lambdas.batch.listing.listing import ImageListing
from lambdas.batch.shards.listed_object import ListedObject, of_file
from lambdas.batch.shards.names import shard_key
from lambdas.batch.shards.writer import images_of
from tests.support.fuzzed_inputs import ARN
from tests.support.lookout_vision import ANOMALIES
from tests.unit.batch.listing.fake_s3 import FakeS3

OWN, RUN = "own-bucket", "run-1"
ODD_KEYS = ("a b.jpg", "a+b.jpg", "a%20b.jpg", "ü/日本.png", "a,b.jpg", 'a"b.jpg', "x" * 1020 + ".jpg", "a\u2028b.jpg")
MANIFEST = {
    "sourceBucket": OWN,
    "destinationBucket": "arn:aws:s3:::reports-elsewhere",
    "version": "2016-11-30",
    "fileFormat": "CSV",
    "fileSchema": "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag",
    "files": [{"key": "inv/data/1.csv.gz", "size": 1, "MD5checksum": "0"}],
}


def listed(s3: FakeS3, images: dict[str, Any], is_over: Callable[[], bool] = lambda: False) -> tuple[Any, list[Any]]:
    """The last state and the images of all shards, with as many invocations as it takes."""
    state, listing = ListingState(), listing_of(s3, images)
    while not state.is_complete:
        state = listing.go_on(ListingState(**json.loads(json.dumps(state.__dict__))), is_over)
    return state, [each for number in range(state.shards) for each in shard(s3, number)]


def listing_of(s3: FakeS3, images: dict[str, Any]) -> ImageListing:
    return ImageListing(s3, RUN, parse_process_input({"modelArn": ARN, "images": images}), OWN)


def shard(s3: FakeS3, number: int) -> list[ListedObject]:
    return of_file(s3.objects[OWN, shard_key(RUN, number)])


def keys_of(images: list[ListedObject]) -> list[str]:
    return [image.key for image in images]


def with_list(name: str, content: str | bytes, **more: bytes) -> FakeS3:
    body = content if isinstance(content, bytes) else content.encode()
    return FakeS3({("lists", name): body, **{("lists", key): value for key, value in more.items()}})


def csv_text(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def test_a_prefix_lists_images_and_counts_what_is_none() -> None:
    kept = ["in/a.jpg", "in/b.PNG", "in/c.jpeg", "in/empty.jpg"]
    others = ["in/", "in/notes.txt", "in/._a.jpg", "in/a.jpg.json", "out/x.jpg"]
    s3 = FakeS3({(OWN, key): b"" if "empty" in key else b"x" * 9 for key in [*kept, *others]})

    state, images = listed(s3, {"prefix": "in/"})

    assert keys_of(images) == kept
    assert images[0].size == 9
    assert images[0].e_tag
    assert '"' not in images[0].e_tag
    assert state.left_out == {"folder": 1, "companion file": 1, "other suffix": 2}
    assert (state.listed, state.not_images) == (4, 4)


def test_reports_and_results_are_no_images_in_the_stack_s_own_bucket_only() -> None:
    keys = ["a.jpg", "batches/r/x.jpg", "reports/r/x.jpg", "results/x.jpg"]
    s3 = FakeS3({(bucket, key): b"x" for bucket in (OWN, "another") for key in keys})

    state, images = listed(s3, {"prefix": ""})
    assert (keys_of(images), state.left_out) == (["a.jpg"], {"report": 2, "result": 1})

    _, images = listed(s3, {"prefix": "", "bucket": "another"})
    assert keys_of(images) == keys


@pytest.mark.parametrize(("model_arn", "found"), [(ARN, 2), (ANOMALIES, 1)])
def test_the_mask_of_a_result_beside_its_image_is_none(model_arn: str, found: int) -> None:
    s3 = FakeS3({(OWN, key): b"x" for key in ("in/a.jpg", "in/a.jpg.mask.png")})
    raw = {"modelArn": model_arn, "images": {"prefix": "in/"}, "results": {"prefix": ""}}

    state = ImageListing(s3, RUN, parse_process_input(raw), OWN).go_on(ListingState(), lambda: False)

    assert state.listed == found


def test_only_what_was_modified_after_a_time() -> None:
    s3 = FakeS3({(OWN, "incoming/a.jpg"): b"x"})

    before, _ = listed(s3, {"modifiedAfter": "2026-11-27T23:59:59Z"})
    after, _ = listed(s3, {"modifiedAfter": "2026-11-28T01:00:00+01:00"})

    assert (before.listed, after.listed) == (1, 0)
    assert after.left_out == {"not modified since": 1}


@settings(max_examples=20, deadline=None)
@given(images=st.integers(0, 2600), pages=st.integers(1, 4))
def test_a_listing_in_several_invocations_lists_each_image_once(images: int, pages: int) -> None:
    s3 = FakeS3({(OWN, f"incoming/{number}.jpg"): b"x" for number in range(images)})
    looks = iter(range(10**6))

    state, found = listed(s3, {}, lambda: next(looks) % pages == pages - 1)

    assert sorted(keys_of(found)) == sorted(key for bucket, key in s3.objects if key.startswith("incoming/"))
    assert state.listed == images
    assert all(len(shard(s3, number)) <= images_of(number) <= 250 for number in range(state.shards))


def test_an_invocation_that_is_repeated_writes_the_same_shards() -> None:
    s3 = with_list("keys.csv", "".join(f"{number}.jpg\n" for number in (*range(2500), *range(2500))))
    listing = listing_of(s3, {"list": "s3://lists/keys.csv"})
    first = listing.go_on(ListingState(), lambda: True)
    second = listing.go_on(first, lambda: True)

    assert listing.go_on(first, lambda: True) == second
    rest = listing.go_on(second, lambda: False)

    assert (rest.listed, rest.left_out) == (2500, {"listed twice": 2500})


def test_odd_keys_come_through_each_kind_of_list() -> None:
    plain = csv_text([["key"], *([key] for key in ODD_KEYS)])
    of_s3 = csv_text([["Bucket", "Key"], *([OWN, quote(key)] for key in ODD_KEYS)])
    form_encoded = csv_text([["Bucket", "Key"], *([OWN, quote_plus(key)] for key in ODD_KEYS)])
    lines = "".join(f"{json.dumps({'key': key})}\n" for key in ODD_KEYS)
    truth = "".join(json.dumps({"source-ref": f"s3://{OWN}/{key}", "bees": 1}) + "\r\n" for key in ODD_KEYS)
    unescaped = "".join(json.dumps({"key": key}, ensure_ascii=False) + "\n" for key in ODD_KEYS)

    for name, content in (
        ("keys.csv", plain),
        ("keys.csv", f"\ufeff{plain}"),
        ("s3.csv", of_s3),
        ("s3.csv", form_encoded),
        ("keys.jsonl", lines),
        ("keys.jsonl", unescaped),
        ("output.manifest", truth),
    ):
        state, images = listed(with_list(name, content), {"list": f"s3://lists/{name}"})
        assert (keys_of(images), state.not_images) == (list(ODD_KEYS), 0), name


def test_a_list_of_s3_batch_operations_has_a_bucket_and_a_version() -> None:
    rows = [[OWN, "a%20b.jpg", "v1"], ["another", "b.jpg", "v2"]]

    state, images = listed(with_list("s3.csv", csv_text(rows)), {"list": "s3://lists/s3.csv", "listFormat": "s3"})

    assert images == [ListedObject("a b.jpg", version_id="v1")]
    assert state.left_out == {"in another bucket": 1}


def test_a_list_of_keys_means_objects_without_a_suffix_too() -> None:
    state, images = listed(with_list("l.csv", "objectkey1\nin.d/b\nc.txt\nd/\n"), {"list": "s3://lists/l.csv"})

    assert keys_of(images) == ["objectkey1", "in.d/b"]
    assert state.left_out == {"other suffix": 1, "folder": 1}


def test_the_first_line_decides_the_format_of_a_list() -> None:
    for text in ("a.jpg\nb.jpg\n", "key,versionId\na.jpg,\nb.jpg,v\n", "KEY\na.jpg\nb.jpg\n\n"):
        _, images = listed(with_list("l.csv", text), {"list": "s3://lists/l.csv"})
        assert keys_of(images) == ["a.jpg", "b.jpg"]
    _, images = listed(with_list("l.csv", "a.jpg,v1\n"), {"list": "s3://lists/l.csv", "listFormat": "keys"})
    assert images == [ListedObject("a.jpg", version_id="v1")]


@pytest.mark.parametrize(
    ("name", "content", "more", "said"),
    [
        ("l.csv", f"{OWN},a.jpg\n", {}, "as its first line, which may be either; takes a header"),
        ("l.csv", f"{OWN},a.jpg,v\n", {}, "or images.listFormat: s3 for bucket, key, version"),
        ("l.csv", "Bucket,Key\n", {"listFormat": "keys"}, 'images.listFormat: got "keys"; takes the format that'),
        ("l.csv", "a.jpg\nb.jpg,v,x\n", {}, 'images.list: got ["b.jpg", "v", "x"] in row 2; takes a key and perhaps'),
        ("l.csv", "Bucket,Key\nb,%ff.jpg\n", {}, 'got "%ff.jpg" in row 2; takes a URL-encoded key in UTF-8'),
        ("l.csv", b"a\xff.jpg\n", {}, "takes UTF-8 text"),
        ("l.csv", "Bucket,Key\nanother,a.jpg\n", {}, f"got 1 rows of other buckets and none of {OWN}"),
        ("l.jsonl", '{"key": "a.jpg"}\nnone\n', {}, 'got "none" in row 2; takes {"key": "…"}'),
        ("l.jsonl", "[1]\n", {}, "got [1] in row 1; takes"),
        ("l.jsonl", '{"key": "\\ud800.jpg"}\n', {}, "in row 1; takes"),
        ("l.manifest", '{"source-ref": "https://x/a.jpg"}\n', {}, "in row 1; takes"),
        ("manifest.json", "{}", {}, "takes that of S3 Inventory, with sourceBucket"),
        ("manifest.json", "[]", {}, "takes that of S3 Inventory"),
        ("manifest.json", json.dumps({**MANIFEST, "fileFormat": "ORC"}), {}, 'got an inventory in "ORC"; takes CSV'),
        ("manifest.json", json.dumps({**MANIFEST, "fileFormat": "Parquet"}), {}, 'got an inventory in "Parquet"'),
        ("manifest.json", json.dumps({**MANIFEST, "sourceBucket": "bees"}), {}, 'give "bees" as images.bucket'),
        ("manifest.json", json.dumps({**MANIFEST, "fileSchema": "Bucket, Size"}), {}, "takes one with Key"),
        (
            "manifest.json",
            json.dumps({**MANIFEST, "fileSchema": "Bucket, Key"}),
            {"modifiedAfter": "2026-11-28T00:00:00Z"},
            "add that field to the inventory",
        ),
    ],
)
def test_a_list_that_can_t_be_read_is_refused_by_name(
    name: str, content: str | bytes, more: dict[str, str], said: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        listed(with_list(name, content), {"list": f"s3://lists/{name}", **more})

    assert said in refused.value.sentence
    assert refused.value.sentence.startswith("images.")


def test_an_inventory_lists_current_versions_of_its_source_bucket() -> None:
    rows = [
        [OWN, "in/a%7Eb+c.jpg", "v3", "true", "false", "17", "2026-11-28T06:00:00.000Z", "e1"],
        [OWN, "in/a%7Eb+c.jpg", "v2", "false", "false", "16", "2026-11-27T06:00:00.000Z", "e0"],
        [OWN, "in/gone.jpg", "v5", "true", "true", "", "2026-11-28T06:00:00.000Z", ""],
        [OWN, "in/copy.jpg", "v6", "true", "false", "17", "2026-11-28T06:00:00.000Z", "e1"],
        [OWN, "in/old.jpg", "v7", "true", "false", "17", "2026-01-01T06:00:00.000Z", "e2"],
    ]
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    s3 = with_list("inv/manifest.json", json.dumps(MANIFEST))
    s3.objects["reports-elsewhere", "inv/data/1.csv.gz"] = gzip.compress(text.getvalue().encode())

    wanted = {"list": "s3://lists/inv/manifest.json", "modifiedAfter": "2026-11-01T00:00:00Z"}
    state, images = listed(s3, wanted)

    assert images == [ListedObject("in/a~b c.jpg", "e1", 17), ListedObject("in/copy.jpg", "e1", 17)]
    assert state.left_out == {"old version": 1, "delete marker": 1, "not modified since": 1}
    assert state.duplicates == 1


def test_a_listing_asks_for_a_page_of_a_thousand_keys_at_a_time() -> None:
    s3 = FakeS3({(OWN, f"incoming/{number:05}.jpg"): b"x" for number in range(3000)})

    listed(s3, {})

    assert s3.calls == 3
