"""A rewritten manifest differs in its addresses, and in no other byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iu_tuner.vision.manifest.rewrite import by_prefix, rewrite
from tests.unit.vision.comparing import REAL
from tests.unit.vision.manifest.samples import Line, Manifest, anomaly, boxes, text

OLD, NEW = "s3://old-meadow/na-bees/500", "s3://mine/data/bees/raw"
MOVED = ("--from", OLD, "--to", NEW, "--out")


def at(folder: str, key: str, **more: Any) -> Line:
    return {**boxes(1, **more), "source-ref": f"{folder}/{key}"}


ODD_KEYS = (
    "1.jpg",
    "old-meadow/na-bees/500/2.jpg",  # the old path once more
    "a b+c%20d.jpg",
    "u\u0308.jpg",  # a decomposed umlaut
    "\U0001f41d.jpg",
)


def test_odd_keys_are_kept_and_the_old_path_goes_at_the_start_only(manifest: Manifest) -> None:
    lines = [json.dumps(at(OLD, key), ensure_ascii=False) for key in ODD_KEYS]
    before = manifest.file("\ufeff" + "\r\n".join([*lines[:2], "", *lines[2:]]) + "\r\n")
    after = manifest.folder / "out.manifest"

    done = manifest("rewrite", before, *MOVED, after)

    assert (done.code, done.out) == (0, "")
    assert after.read_bytes() == before.read_bytes().replace(f'"{OLD}/'.encode(), f'"{NEW}/'.encode())


def test_lines_that_have_no_new_address_stay_and_are_reported(manifest: Manifest) -> None:
    lines: list[Line | str] = [
        at(OLD, "1.jpg"),
        at("https://old-meadow.s3.amazonaws.com", "2.jpg"),
        at("s3://another", "3.jpg"),
        at("s3://mine/elsewhere", "4.jpg"),
        {"source": "no image"},
        '{"source-ref": "s3://old-meadow/na-bees/500/5.jpg" "bees": 1}',
        at(OLD + "0", "6.jpg"),  # another folder that begins like the old one
    ]
    path = manifest.file(text(*lines))

    done = manifest("rewrite", path, *MOVED, path)

    assert done.findings == [
        (2, "ERROR_INVALID_SOURCE_REF_FORMAT"),
        (3, "ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS"),
        (5, "ERROR_MISSING_SOURCE_REF"),
        (6, "ERROR_INVALID_JSON_LINE"),
        (7, "ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS"),
    ]
    assert done.code == 1
    assert path.read_text("utf-8") == text(at(NEW, "1.jpg"), *lines[1:])


def test_masks_and_other_files_move_too(manifest: Manifest) -> None:
    after = manifest.folder / "out.manifest"

    manifest("rewrite", manifest.file(text(anomaly(1, "anomaly", prefix=f"{OLD}/"))), *MOVED, after)

    assert after.read_text("utf-8") == text(anomaly(1, "anomaly", prefix=f"{NEW}/"))


def test_a_folder_inside_of_the_old_one_is_moved_to_once(manifest: Manifest) -> None:
    path = manifest.file(text(at("s3://mine", "1.jpg")))

    for _ in range(2):
        manifest("rewrite", path, "--from", "s3://mine", "--to", "s3://mine/data", "--out", path)

    assert path.read_text("utf-8") == text(at("s3://mine/data", "1.jpg"))


def test_an_address_deeper_inside_is_none_of_the_line_s(manifest: Manifest) -> None:
    path = manifest.file(text(line := {"was": {"source-ref": f"{OLD}/1.jpg"}}))

    done = manifest("rewrite", path, *MOVED, path)

    assert done.findings == [(1, "ERROR_MISSING_SOURCE_REF")]
    assert path.read_text("utf-8") == text(line)


@pytest.mark.parametrize("name", ["birds-boxes", "blue-box-large-400", "birds-classes"])
def test_real_files_keep_every_digit(manifest: Manifest, name: str) -> None:
    before, after = REAL / f"{name}.manifest", manifest.folder / "out.manifest"
    bucket = before.read_text("utf-8").partition("s3://")[2].partition("/")[0]

    done = manifest("rewrite", before, "--from", f"s3://{bucket}", "--to", NEW, "--out", after)

    assert (done.code, done.out) == (0, "")
    assert after.read_bytes() == before.read_bytes().replace(f"s3://{bucket}/".encode(), f"{NEW}/".encode())


names = st.text(max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.just("source-ref"), inner, max_size=3),
    max_leaves=8,
)


@given(
    line=st.dictionaries(names | st.just("x-ref"), values, max_size=5),
    key=st.text(min_size=1, max_size=12),
    place=st.integers(0, 5),
    ascii_only=st.booleans(),
    separators=st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " :\t")]),
)
def test_any_object_keeps_all_but_its_source_ref(
    tmp_path_factory: pytest.TempPathFactory,
    line: dict[str, Any],
    key: str,
    place: int,
    ascii_only: bool,
    separators: tuple[str, str],
) -> None:
    items = [(name, value) for name, value in line.items() if name != "source-ref"]
    items.insert(place, ("source-ref", f"{OLD}/{key}"))
    folder = tmp_path_factory.mktemp("any")
    before, after, again = (folder / name for name in ("before", "after", "again"))
    written = json.dumps(dict(items), ensure_ascii=ascii_only, separators=separators)
    before.write_bytes(written.encode("utf-8", "surrogatepass"))

    list(rewrite(before, after, by_prefix(f"{OLD}/", f"{NEW}/"), "mine"))
    list(rewrite(after, again, by_prefix(f"{OLD}/", f"{NEW}/"), "mine"))

    expected = json.dumps({**dict(items), "source-ref": f"{NEW}/{key}"}, ensure_ascii=ascii_only, separators=separators)
    assert after.read_bytes() == expected.encode("utf-8", "surrogatepass")
    assert again.read_bytes() == after.read_bytes()


def upload(s3: Any, *keys: str) -> None:
    for key in keys:
        s3.put_object(Bucket="mine", Key=key, Body=b"x")


def test_without_an_old_folder_images_are_found_by_name(manifest: Manifest, s3: Any) -> None:
    """Also where the name is in the other Unicode form, and with what an upload of a whole folder brings along."""
    upload(s3, "data/a/1.jpg", "data/b/\u00fc.jpg", "data/masks/1.png", "data/output.manifest", "data/.DS_Store")
    upload(s3, "data/.ipynb_checkpoints/1.jpg", "data/.ipynb_checkpoints/1-checkpoint.jpg", "database/1.jpg")
    lines = [anomaly(1, "anomaly", prefix=""), at(OLD, "u\u0308.jpg"), at(OLD, "gone.jpg")]
    path = manifest.file(text(*lines))

    done = manifest("rewrite", path, "--to", "s3://mine/data", "--out", path)
    first = path.read_bytes()
    again = manifest("rewrite", path, "--to", "s3://mine/data", "--out", path)

    assert done.findings == again.findings == [(3, "ERROR_INVALID_IMAGE")]
    found = [json.loads(line) for line in first.splitlines()]
    assert found[0]["source-ref"] == "s3://mine/data/a/1.jpg"
    assert found[0]["look-mask-ref"] == "s3://mine/data/masks/1.png"
    assert [line["source-ref"] for line in found[1:]] == ["s3://mine/data/b/\u00fc.jpg", f"{OLD}/gone.jpg"]
    assert path.read_bytes() == first


def test_a_name_that_is_there_twice_is_refused_with_both(manifest: Manifest, s3: Any) -> None:
    upload(s3, "data/a/1.jpg", "data/b/1.jpg")
    path = manifest.file(text(at(OLD, "1.jpg")))

    done = manifest("rewrite", path, "--to", "s3://mine/data", "--out", manifest.folder / "out.manifest")

    assert done.code == 2
    assert "s3://mine/data/a/1.jpg and s3://mine/data/b/1.jpg" in done.err
    assert sorted(each.name for each in manifest.folder.iterdir()) == ["in.manifest"]


def test_two_images_of_one_name_are_refused(manifest: Manifest, s3: Any) -> None:
    upload(s3, "data/1.jpg")
    path = manifest.file(text(at(OLD, "a/1.jpg"), at(OLD, "b/1.jpg")))

    done = manifest("rewrite", path, "--to", "s3://mine/data", "--out", path)

    assert done.code == 2
    assert f"{OLD}/a/1.jpg and {OLD}/b/1.jpg" in done.err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [(("--to", "mine/data"), "--to: got"), (("--to", NEW, "--from", "https://x/y"), "--from: got")],
)
def test_an_address_that_is_none_is_refused(manifest: Manifest, options: tuple[str, ...], sentence: str) -> None:
    done = manifest("rewrite", manifest.file(text(boxes(1))), *options, "--out", manifest.folder / "out.manifest")

    assert done.code == 2
    assert sentence in done.err


@pytest.mark.parametrize("contents", ["", "[{}]", text(boxes(1)).encode("utf-16"), b"\x1f\x8b\x08", b"{\n"])
@pytest.mark.parametrize(
    "command", [("rewrite", *MOVED), ("split", "--test", "20", "--out"), ("to-coco", "--out"), ("from-coco",)]
)
def test_a_file_without_lines_is_refused_in_one_sentence(
    manifest: Manifest, command: tuple[str, ...], contents: str | bytes
) -> None:
    name, *options = command if command != ("from-coco",) else ("from-coco", "--images", NEW, "--out")
    out = manifest.folder / "out"

    done = manifest(name, manifest.file(contents), *options, out)

    assert (done.code, done.out) == (2, "")
    assert len(done.err.strip().splitlines()) == 1, done.err
    assert not out.exists()


def test_the_output_can_be_no_folder(manifest: Manifest) -> None:
    done = manifest("rewrite", manifest.file(text(boxes(1))), *MOVED, Path("/dev/null/out.manifest"))

    assert done.code == 2
    assert "--out" in done.err
