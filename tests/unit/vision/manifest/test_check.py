"""Each rule finds its fault, at its line and with its code, and nothing else."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.vision.comparing import REAL
from tests.unit.vision.manifest.samples import ABOUT, BOX, Line, Manifest, anomaly, boxes, classes, text

BROKEN_LINE = 4
Change = Callable[[Line], Any]
VALUE, METADATA = "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"
JSON, SOURCE, USE = "ERROR_INVALID_JSON_LINE", "ERROR_INVALID_SOURCE_REF_FORMAT", "ERROR_UNSUPPORTED_USE_CASE_TYPE"
FORMAT, NAME = "ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT", "ERROR_INVALID_LABEL_NAME_LENGTH"
LARGE = [{"width": 3840, "height": 2160, "depth": 3}]


def put(*path: Any, to: Any) -> Change:
    """Set a field of the line."""

    def change(line: Line) -> None:
        *parents, last = path
        for each in parents:
            line = line[each]
        line[last] = to

    return change


def drop(*path: Any) -> Change:
    def change(line: Line) -> None:
        *parents, last = path
        for each in parents:
            line = line[each]
        del line[last]

    return change


def instead(new: Any) -> Change:
    """Another line, or a text that is none."""
    return lambda _: new


def box(**sides: Any) -> Change:
    return put("bees", "annotations", 0, to={**BOX, **sides})


def rename(old: str, new: str) -> Change:
    def change(line: Line) -> None:
        line[new] = line.pop(old)

    return change


BROKEN: dict[str, tuple[str, Change]] = {
    "cut off": (JSON, lambda line: json.dumps(line)[:-1]),
    "a comma is missing": (JSON, lambda line: json.dumps(line).replace(', "bees"', ' "bees"')),
    "single quotes": (JSON, lambda line: str(line)),
    "two objects": (JSON, lambda line: json.dumps(line) * 2),
    "a text": (JSON, instead('"s3://meadow/raw/4.jpg"')),
    "an array": (JSON, lambda line: json.dumps([line])),
    "blank": (JSON, instead("  ")),
    "NaN": (JSON, lambda line: json.dumps(line).replace("0.93", "NaN")),
    "nested too deeply": (JSON, lambda line: json.dumps(line)[:-1] + ', "x": ' + "[" * 9999 + "]" * 9999 + "}"),
    "more than 100,000 characters": (JSON, lambda line: json.dumps(line) + " " * 100_000),
    "no source-ref": ("ERROR_MISSING_SOURCE_REF", drop("source-ref")),
    "source-ref is misspelt": ("ERROR_MISSING_SOURCE_REF", rename("source-ref", "source_ref")),
    "text instead of an image": ("ERROR_MISSING_SOURCE_REF", rename("source-ref", "source")),
    "source-ref is a number": (SOURCE, put("source-ref", to=4)),
    "source-ref is null": (SOURCE, put("source-ref", to=None)),
    "https": (SOURCE, put("source-ref", to="https://meadow.s3.amazonaws.com/raw/4.jpg")),
    "capitals": (SOURCE, put("source-ref", to="S3://meadow/raw/4.jpg")),
    "a bucket alone": (SOURCE, put("source-ref", to="s3://meadow")),
    "no bucket": (SOURCE, put("source-ref", to="s3:///raw/4.jpg")),
    "a folder": (SOURCE, put("source-ref", to="s3://meadow/raw/")),
    "a blank before": (SOURCE, put("source-ref", to=" s3://meadow/raw/4.jpg")),
    "a blank after": (SOURCE, put("source-ref", to="s3://meadow/raw/4.jpg ")),
    "a relative path": (SOURCE, put("source-ref", to="raw/4.jpg")),
    "a relative mask": (SOURCE, put("mask-ref", to="masks/4.png")),
    "an image again": ("ERROR_DUPLICATE_SOURCE_REF", put("source-ref", to="s3://meadow/raw/2.jpg")),
    "another bucket": ("ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS", put("source-ref", to="s3://other/raw/4.jpg")),
    "no metadata": ("ERROR_NO_LABEL_ATTRIBUTES", drop("bees-metadata")),
    "no value": ("ERROR_NO_LABEL_ATTRIBUTES", drop("bees")),
    "metadata are misspelt": ("ERROR_NO_LABEL_ATTRIBUTES", rename("bees-metadata", "bees_metadata")),
    "no type": (METADATA, drop("bees-metadata", "type")),
    "type is no text": (METADATA, put("bees-metadata", "type", to=1)),
    "metadata are a text": (METADATA, put("bees-metadata", to="groundtruth/object-detection")),
    "a second attribute without metadata": (METADATA, put("wasps", to={"annotations": []})),
    "a second attribute without value": (VALUE, put("wasps-metadata", to={"type": "groundtruth/object-detection"})),
    "boxes are a number": (VALUE, put("bees", to=1)),
    "image_size is an object": (VALUE, put("bees", "image_size", to=LARGE[0])),
    "no image_size": (VALUE, drop("bees", "image_size")),
    "two image sizes": (VALUE, put("bees", "image_size", to=LARGE * 2)),
    "an image without width": (VALUE, put("bees", "image_size", 0, "width", to=0)),
    "image width is a text": (VALUE, put("bees", "image_size", 0, "width", to="640")),
    "annotations are an object": (VALUE, put("bees", "annotations", to={"0": BOX})),
    "a box without height": (VALUE, drop("bees", "annotations", 0, "height")),
    "a side is a text": (VALUE, box(left="10")),
    "a side is true": (VALUE, box(left=True)),
    "a side is beyond all numbers": (VALUE, box(left=10**400)),
    "class_id is a text": (VALUE, box(class_id="0")),
    "an annotation is a list": (VALUE, put("bees", "annotations", 0, to=[10, 20, 30, 40])),
    "none of the annotations is a box": (
        "ERROR_NO_VALID_ANNOTATIONS",
        put("bees", "annotations", to=[{"class_id": 0}]),
    ),
    "beyond the left edge": ("ERROR_INVALID_BOUNDING_BOX", box(left=-1)),
    "beyond the upper edge": ("ERROR_INVALID_BOUNDING_BOX", box(top=-0.5)),
    "a negative width": ("ERROR_INVALID_BOUNDING_BOX", box(width=-30)),
    "beyond the right edge": ("ERROR_INVALID_BOUNDING_BOX", box(left=600, width=41)),
    "beyond the lower edge": ("ERROR_INVALID_BOUNDING_BOX", box(top=440.5)),
    "one pixel wide": ("ERROR_BOUNDING_BOX_TOO_SMALL", box(width=1)),
    "no height": ("ERROR_BOUNDING_BOX_TOO_SMALL", box(height=0)),
    "one pixel wide once the image is 1,280 wide": (
        "ERROR_BOUNDING_BOX_TOO_SMALL",
        lambda line: {**line, "bees": {"image_size": LARGE, "annotations": [{**BOX, "width": 3}, BOX]}},
    ),
    "51 boxes": ("ERROR_TOO_MANY_BOUNDING_BOXES", lambda line: boxes(BROKEN_LINE, [BOX] * 51)),
    "one confidence for two boxes": ("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", drop("bees-metadata", "objects", 0)),
    "no confidences": ("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", drop("bees-metadata", "objects")),
    "an empty confidence": ("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", put("bees-metadata", "objects", 0, to={})),
    "confidences are an object": (METADATA, put("bees-metadata", "objects", to={"0": 1})),
    "a confidence of 93": (METADATA, put("bees-metadata", "objects", 0, "confidence", to=93)),
    "no class-map": (METADATA, drop("bees-metadata", "class-map")),
    "class-map is a list": (METADATA, put("bees-metadata", "class-map", to=["bee", "wasp"])),
    "a class is a number": (METADATA, put("bees-metadata", "class-map", "0", to=7)),
    "a class is not in the map": ("ERROR_MISSING_CLASS_MAP_ID", box(class_id=7)),
    "class-map is empty": ("ERROR_MISSING_CLASS_MAP_ID", put("bees-metadata", "class-map", to={})),
    "a name of 257 characters": (NAME, put("bees-metadata", "class-map", "1", to="b" * 257)),
    "an empty name": (NAME, put("bees-metadata", "class-map", "1", to="")),
    "human-annotated is true": (METADATA, put("bees-metadata", "human-annotated", to=True)),
    "the date is a number": (METADATA, put("bees-metadata", "creation-date", to=1662976260)),
    "segmentation": (USE, put("bees-metadata", "type", to="groundtruth/semantic-segmentation")),
    "video": (USE, put("bees-metadata", "type", to="groundtruth/video-object-detection")),
    "text classification": (USE, put("bees-metadata", "type", to="groundtruth/text-classification")),
    "several classes": (USE, put("bees-metadata", "type", to="groundtruth/image-classification-multilabel")),
    "several classes in a list": (
        "ERROR_NO_VALID_LABEL_ATTRIBUTES",
        lambda line: {
            **classes(BROKEN_LINE, "bee", [0, 1]),
            "kind-metadata": {
                "class-map": {"0": "bee", "1": "wasp"},
                "confidence-map": {"0": 1, "1": 1},
                "type": "groundtruth/image-classification",
                **ABOUT,
            },
        },
    ),
    "a class's number is a fraction": (VALUE, instead(classes(BROKEN_LINE, "bee", 0.5))),
    "a class's number is a word": (VALUE, instead(classes(BROKEN_LINE, "bee", "zero"))),
    "a class of 257 characters": (NAME, instead(classes(BROKEN_LINE, "b" * 257))),
    "no labels": ("WARNING_UNANNOTATED_RECORD", lambda line: {"source-ref": line["source-ref"], "warnings": []}),
    "no boxes beside a class": (
        "WARNING_NO_ATTRIBUTE_ANNOTATIONS",
        lambda line: {**classes(BROKEN_LINE, "bee"), **boxes(BROKEN_LINE, [])},
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_line_has_its_code(manifest: Manifest, name: str) -> None:
    code, change = BROKEN[name]
    lines: list[Line | str] = [boxes(number) for number in range(1, 9)]
    broken = copy.deepcopy(boxes(BROKEN_LINE))
    lines[BROKEN_LINE - 1] = change(broken) or broken

    done = manifest("check", manifest.file(text(*lines)))

    assert done.findings == [(BROKEN_LINE, code)]
    assert done.code == code.startswith("ERROR_")


def test_a_line_that_is_not_in_utf_8(manifest: Manifest) -> None:
    good = text(*(boxes(number) for number in range(1, 9)))

    done = manifest("check", manifest.file(good.encode() + b'{"source-ref": "s3://meadow/\xfc.jpg"}\n'))

    assert done.findings == [(9, JSON)]


def test_good_lines_have_no_findings(manifest: Manifest) -> None:
    extra = {"color": "blue", "object": "box", "cl-metadata": {"is_labeled": True}, "source-ref-metadata": {"a": 1}}
    tabs = json.dumps(boxes(2), separators=(",\t", ":\t")) + "\r"
    on_the_edge = boxes(3, [{**BOX, "left": 0, "top": 0, "width": 640, "height": 480}] * 50)
    lines: list[Line | str] = [{**boxes(1), **extra}, tabs, on_the_edge, classes(4, "bee", "0")]

    done = manifest("check", manifest.file(text(*lines)))

    assert (done.code, done.out) == (0, "")


FILES: dict[str, tuple[str | bytes, list[tuple[int, str]]]] = {
    "empty": ("", [(0, "ERROR_EMPTY_MANIFEST")]),
    "only blank lines": ("\n \r\n", [(0, "ERROR_EMPTY_MANIFEST")]),
    "a byte order mark": ("\ufeff" + text(boxes(1)), [(1, FORMAT)]),
    "UTF-16": (text(boxes(1)).encode("utf-16"), [(1, FORMAT)]),
    "UTF-16 without a mark": (text(boxes(1)).encode("utf-16-le"), [(1, FORMAT)]),
    "gzip": (gzip.compress(text(boxes(1)).encode()), [(1, FORMAT)]),
    "an array": (json.dumps([boxes(1), boxes(2)]), [(1, FORMAT)]),
    "an object over several lines": (json.dumps(boxes(1), indent=2), [(1, FORMAT)]),
    "an image": (b"\xff\xd8\xff\xe0" + bytes(99), [(1, FORMAT)]),
    "one class": (text(*(classes(number, "bee") for number in range(3))), [(0, "ERROR_MANIFEST_TOO_FEW_LABELS")]),
    "two classes": (text(classes(1, "bee"), classes(2, "wasp")), []),
    "one class with boxes": (text(boxes(1, [BOX])), []),
    "251 classes": (
        text(*(classes(number, f"kind {number}") for number in range(1, 261))),
        [(251, "ERROR_MANIFEST_TOO_MANY_LABELS")],
    ),
    "20 % of the lines are broken": (text(*map(boxes, range(4)), "{"), [(5, JSON)]),
    "more are broken, as a blank line counts": (
        text(*map(boxes, range(7)), "{", ""),
        [(8, JSON), (9, JSON), (0, "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST")],
    ),
    "two buckets are reported once": (
        text(boxes(1), *(boxes(number, prefix="s3://other/raw") for number in range(2, 9))),
        [(2, "ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS")],
    ),
    "anomalies with masks": (text(anomaly(1, "anomaly"), anomaly(2, "normal")), []),
    "anomalies alone": (text(anomaly(1, "anomaly")), []),
    "no boxes at all": (
        text(boxes(1, [])),
        [(1, "WARNING_NO_ATTRIBUTE_ANNOTATIONS"), (1, "WARNING_NO_ANNOTATIONS"), (0, "ERROR_MANIFEST_TOO_FEW_LABELS")],
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_its_findings(manifest: Manifest, name: str) -> None:
    contents, findings = FILES[name]

    done = manifest("check", manifest.file(contents))

    assert done.findings == findings
    assert done.code == any(code.startswith("ERROR_") for _, code in findings)


def test_a_file_without_an_extension_is_a_warning(manifest: Manifest) -> None:
    done = manifest("check", manifest.file(text(boxes(1)), "output"))

    assert (done.code, done.findings) == (0, [(0, FORMAT.replace("ERROR", "WARNING"))])


def test_a_file_of_more_than_a_gigabyte_is_not_read(manifest: Manifest) -> None:
    path = manifest.file(text(boxes(1)))
    with path.open("r+b") as file:
        file.truncate(2**30 + 1)  # a sparse file: it takes no room

    assert manifest("check", path).findings == [(0, "ERROR_MANIFEST_SIZE_TOO_LARGE")]


def test_the_number_of_lines_depends_on_the_region(manifest: Manifest) -> None:
    path = manifest.file("".join(f'{{"source-ref": "s3://meadow/{number}.jpg"}}\n' for number in range(28_001)))

    def codes(*region: str) -> set[tuple[int, str]]:
        findings = manifest("check", path, *region).findings
        return {(line, code) for line, code in findings if code != "WARNING_UNANNOTATED_RECORD"}

    assert codes() == set()
    assert codes("--region", "eu-west-2") == {(28_001, "ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM")}
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:7001]), "utf-8")
    assert codes("--region", "ap-south-1") == {(0, "WARNING_MANIFEST_ROWS_EXCEEDS_MAXIMUM")}


def test_a_file_that_is_not_there_ends_with_2(manifest: Manifest) -> None:
    done = manifest("check", manifest.folder / "gone.manifest")

    assert (done.code, done.out) == (2, "")
    assert "gone.manifest: No such file" in done.err


@pytest.mark.parametrize("name", ["birds-boxes", "birds-classes"])
def test_real_files_without_findings(manifest: Manifest, name: str) -> None:
    done = manifest("check", REAL / f"{name}.manifest")

    assert (done.code, done.out) == (0, "")


@pytest.mark.parametrize(("name", "empty"), [("blue-box-small", 2), ("blue-box-large-400", 20)])
def test_real_files_with_empty_images(manifest: Manifest, name: str, empty: int) -> None:
    """An empty image has `"class-map":{}`; each line carries `color` and `object`, which are no attributes."""
    done = manifest("check", REAL / f"{name}.manifest")

    codes = [code for _, code in done.findings]
    assert done.code == 0
    assert codes == ["WARNING_NO_ATTRIBUTE_ANNOTATIONS", "WARNING_NO_ANNOTATIONS"] * empty


def test_a_real_label_as_text_and_a_line_of_text(manifest: Manifest) -> None:
    done = manifest("check", REAL / "string-label-and-text.manifest")

    found = done.findings
    assert found[:2] == [(2, "ERROR_MISSING_SOURCE_REF"), (2, USE)]
    assert {line for line, _ in found[2:]} == {0}


def test_warnings_as_the_console_gives_them_back(manifest: Manifest) -> None:
    """`warnings` inside of an attribute and beside it are no attributes; a date may lack its T."""
    first = {"source-ref": "s3://meadow/a.jpg", "warnings": [{"code": "WARNING_UNANNOTATED_RECORD", "message": "."}]}
    second = {**boxes(2, []), "warnings": [{"code": "WARNING_NO_ANNOTATIONS", "message": "."}]}
    second["bees"]["warnings"] = [{"code": "WARNING_NO_ATTRIBUTE_ANNOTATIONS", "message": "."}]
    second["bees-metadata"].update({"class-map": {}, "creation-date": "2013-11-18 02:53:27"})

    done = manifest("check", manifest.file(text(first, second, boxes(3))))

    assert done.code == 0
    assert done.findings == [
        (1, "WARNING_UNANNOTATED_RECORD"),
        (2, "WARNING_NO_ATTRIBUTE_ANNOTATIONS"),
        (2, "WARNING_NO_ANNOTATIONS"),
    ]


def test_relative_paths_of_an_anomaly_manifest(manifest: Manifest) -> None:
    lines = [anomaly(1, "anomaly", prefix=""), anomaly(2, "normal", prefix="")]

    assert manifest("check", manifest.file(text(*lines))).findings == [(1, SOURCE)] * 2 + [(2, SOURCE)] * 2 + [
        (0, "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST")
    ]


def test_an_evaluation_manifest_has_truth_and_prediction_side_by_side(manifest: Manifest) -> None:
    line = anomaly(1, "anomaly")
    line["source-ref-metadata"] = {"creation-date": "2020-05-22T21:33:37.201882"}
    line["look-detected"], line["look-detected-metadata"] = 1, {**line["look-metadata"], "confidence": 0.9}

    assert manifest("check", manifest.file(text(line))).out == ""
