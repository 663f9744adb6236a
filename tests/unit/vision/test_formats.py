"""What each format takes, and how it refuses what is broken: a sentence for each fault, and never a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from iu_tuner.vision.formats.read import read_predictions, read_truth
from iu_tuner.vision.formats.sources import parse_source, parse_truth
from tests.unit.vision.comparing import CASES, REAL, Command

TRUTH = {
    "images": [{"id": 1, "file_name": "a.jpg", "width": 100, "height": 100}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 50, 40]}],
    "categories": [{"id": 1, "name": "bee"}],
}
BOX = {"left": 0.1, "top": 0.1, "width": 0.5, "height": 0.4}


def changed(name: str, index: int, **values: Any) -> dict[str, Any]:
    """The truth with other values in one of its entries."""
    data: dict[str, Any] = json.loads(json.dumps(TRUTH))
    data[name][index].update(values)
    return data


BROKEN_TRUTHS = {
    "no image of an annotation": (changed("annotations", 0, image_id=7), "image_id 7 is none of its images"),
    "no class of an annotation": (changed("annotations", 0, category_id=7), "category_id 7 is none of its categories"),
    "a negative width": (changed("annotations", 0, bbox=[1, 2, -3, 4]), "width and a height of at least 0"),
    "three numbers": (changed("annotations", 0, bbox=[1, 2, 3]), "four finite numbers"),
    "a text": (changed("annotations", 0, bbox=[1, 2, 3, "4"]), "four finite numbers"),
    "no id": (changed("images", 0, id=None), "an image takes an id"),
    "an image twice": ({**TRUTH, "images": [TRUTH["images"][0]] * 2}, "the id 1 is there twice"),
    "a class twice": ({**TRUTH, "categories": [TRUTH["categories"][0]] * 2}, "is there twice"),
    "no list": ({**TRUTH, "annotations": None}, "annotations: a COCO data set takes a list"),
    "a list": ([], "takes an object with images"),
    "no images": ({**TRUTH, "images": [], "annotations": []}, "the truth has no images"),
    "NaN": ('{"images": [NaN]}', "NaN is no number in JSON"),
    "infinity by digits": (json.dumps(TRUTH).replace("[10, 10, 50, 40]", "[10, 10, 50, 1e999]"), "four finite numbers"),
    "cut off": ('{"images": [', "no readable JSON"),
}


@pytest.mark.parametrize("name", BROKEN_TRUTHS)
def test_a_broken_truth_ends_with_2_and_a_sentence(compare: Command, name: str) -> None:
    contents, sentence = BROKEN_TRUTHS[name]

    done = compare(compare.file("t.json", contents), A=compare.file("p.json", []))

    assert done.code == 2
    assert sentence in done.err
    assert "Traceback" not in done.err


def test_each_fault_of_a_manifest_has_a_line_of_its_own(compare: Command) -> None:
    def line(number: int, **more: Any) -> str:
        box = {"class_id": 0, "left": 1, "top": 2, "width": 3, "height": 4, **more}
        about = {"type": "groundtruth/object-detection", "class-map": {"0": "bee"}, "objects": [{"confidence": 1}]}
        value = {"image_size": [{"width": 9, "height": 9, "depth": 3}], "annotations": [box]}
        return json.dumps({"source-ref": f"s3://b/{number}.jpg", "bees": value, "bees-metadata": about})

    lines = [
        "\ufeff" + line(1),
        "",
        line(2, class_id=1),
        line(3, width=-1),
        line(1),
        '{"source-ref": "https://x/y"}',
        "{",
    ]
    file = compare.file("t.manifest", "\r\n".join(lines))

    done = compare(file, A=compare.file("p.json", []))

    assert done.code == 2
    faults = [each for each in done.err.splitlines() if ": line " in each]
    assert [each.partition(": line ")[2].partition(":")[0] for each in faults] == ["3", "4", "5", "6", "7"]


def test_results_name_their_images_by_their_path_or_by_what_the_file_says(tmp_path: Path) -> None:
    label = {"Name": "bee", "Confidence": 99.4, "Geometry": {"BoundingBox": {k.title(): v for k, v in BOX.items()}}}
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg.json").write_text(json.dumps({"CustomLabels": [label]}), "utf-8")
    about = {"image": {"bucket": "b", "key": "other/b.jpg"}, "ms": 183}
    (tmp_path / "b.json").write_text(json.dumps({"CustomLabels": [], "Inference": about}), "utf-8")
    (tmp_path / "c.jpg.error.json").write_text(json.dumps({"Error": {}}), "utf-8")

    found = read_predictions(parse_source(str(tmp_path)))

    assert [(each.key, len(each.labels), each.milliseconds) for each in found.images] == [
        ("other/b.jpg", 0, 183),
        ("in/a.jpg", 1, None),
    ]
    (found_label,) = found.images[1].labels
    assert (found_label.confidence, found_label.box and found_label.box.width) == (99.4, 0.5)


def test_sagemakers_detector_has_another_shape(tmp_path: Path) -> None:
    (tmp_path / "a.jpg.json").write_text(json.dumps({"prediction": [[0.0, 0.9, 0.1, 0.2, 0.5, 0.8]]}), "utf-8")

    found = read_predictions(parse_source(f"{tmp_path}:tensorflow"), {"0": "bee"})

    (label,) = found.images[0].labels
    assert (label.name, label.confidence) == ("bee", 90)
    assert label.box is not None
    assert (label.box.left, label.box.top, round(label.box.width, 9)) == (0.1, 0.2, 0.4)


def test_unused_slots_of_tensorflow_are_no_detections(tmp_path: Path) -> None:
    answer = {
        "num_detections": 3.0,
        "detection_boxes": [[0, 0, 1, 1]] * 4,
        "detection_classes": [1.0, -1.0, 1.0, 1.0],
        "detection_scores": [0.5, -1.0, 0.0, 0.9],
    }
    (tmp_path / "a.jpg.json").write_text(json.dumps({"predictions": [answer]}), "utf-8")

    found = read_predictions(parse_source(f"{tmp_path}:tensorflow"), {"1": "bee"})

    assert [label.confidence for label in found.images[0].labels] == [50]


@pytest.mark.parametrize(
    ("format_", "contents", "sentence"),
    [
        ("coco", [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 97}], "score takes 0 to 1"),
        ("coco", [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}], "score takes 0 to 1"),
        ("coco", {"images": []}, "COCO predictions take a list"),
        ("detections", '{"key": "a.jpg", "labels": [{"name": "bee", "confidence": 101}]}', "confidence takes 0 to 100"),
        ("detections", '{"key": "a.jpg"}', "a detections line takes a key and a list of labels"),
        ("detections", '{"key": "a.jpg", "labels": [{"name": "bee", "confidence": NaN}]}', "NaN is no number"),
        ("detections", '{"key": "a.jpg", "labels": []}\n{"key": "a.jpg", "labels": []}', "is there twice"),
        ("tensorflow", {"predictions": [{}, {}]}, "no answer of TensorFlow Serving"),
        ("results", "", "takes a folder"),
    ],
)
def test_predictions_that_break_their_format_are_refused(
    compare: Command, format_: str, contents: object, sentence: str
) -> None:
    file = compare.file("p.json", contents)

    done = compare(compare.file("t.json", TRUTH), A=f"{file}:{format_}")

    assert done.code == 2
    assert sentence in done.err


def test_images_are_matched_by_file_name_where_keys_differ(compare: Command) -> None:
    line = {"key": "incoming/2021/a.jpg", "labels": [{"name": "bee", "confidence": 90, "box": BOX}]}
    found = compare(compare.file("t.json", TRUTH), A=compare.file("p.jsonl", json.dumps(line)))
    twice = [line, {**line, "key": "other/a.jpg"}]
    refused = compare(compare.file("t.json", TRUTH), A=compare.file("q.jsonl", "\n".join(map(json.dumps, twice))))

    assert found.output["models"]["A"]["truePositives"] == 1
    assert refused.code == 2
    assert "the file name a.jpg twice, as incoming/2021/a.jpg and other/a.jpg" in refused.err


def test_an_image_without_predictions_is_refused_unless_it_is_allowed(compare: Command) -> None:
    truth = compare.file("t.json", TRUTH)
    empty = compare.file("p.jsonl", "")

    refused = compare(truth, A=empty)
    allowed = compare(truth, "--missing-as-empty", A=empty)

    assert refused.code == 2
    assert "A: the image a.jpg has no predictions; --missing-as-empty" in refused.err
    assert (allowed.code, allowed.output["models"]["A"]["falseNegatives"]) == (0, 1)
    assert "A: there are no detections" in allowed.err


def test_classes_that_the_truth_lacks_are_listed_and_a_class_map_renames_them(compare: Command) -> None:
    line = {"key": "a.jpg", "labels": [{"name": "apis", "confidence": 90, "box": BOX}]}
    truth, file = compare.file("t.json", TRUTH), compare.file("p.jsonl", json.dumps(line))

    unknown = compare(truth, A=file)
    renamed = compare(truth, "--class-map", f"A={compare.file('m.json', {'apis': 'bee'})}", A=file)

    assert 'the truth has no class "apis"' in unknown.err
    assert unknown.output["models"]["A"]["falsePositives"] == 1
    assert renamed.output["models"]["A"]["truePositives"] == 1


def test_boxes_beyond_the_edges_are_accepted_and_said_in_one_line(compare: Command) -> None:
    done = compare(
        compare.file("t.json", changed("annotations", 0, bbox=[80, 10, 50, 40])), A=compare.file("p.json", [])
    )

    assert done.code == 0
    assert done.err.splitlines()[0] == "the truth: boxes that reach beyond the edges of their image: 1"


def test_truth_without_sizes_meets_shares_only_with_a_sentence(compare: Command) -> None:
    truth = {**TRUTH, "images": [{"id": 1, "file_name": "a.jpg"}]}
    line = {"key": "a.jpg", "labels": [{"name": "bee", "confidence": 90, "box": BOX}]}

    done = compare(compare.file("t.json", truth), A=compare.file("p.jsonl", json.dumps(line)))

    assert done.code == 2
    assert "the truth has no width and height" in done.err


def test_labels_without_boxes_do_not_meet_boxes(compare: Command) -> None:
    line = {"key": "a.jpg", "labels": [{"name": "bee", "confidence": 90}]}

    done = compare(compare.file("t.json", TRUTH), A=compare.file("p.jsonl", json.dumps(line)))

    assert done.code == 2
    assert "a label has no box, and the truth has boxes" in done.err


@pytest.mark.parametrize(
    ("text", "format_"),
    [
        (str(REAL), "results"),
        (f"{REAL}:tensorflow", "tensorflow"),
        (str(REAL / "cats-truth.JSON"), "coco"),
        (f"{REAL / 'birds-boxes.manifest'}#category", "manifest"),
        (str(REAL / "birds-boxes.manifest"), "manifest"),
    ],
)
def test_the_name_of_a_file_says_its_format_where_none_is_declared(text: str, format_: str) -> None:
    assert parse_source(text).format == format_


def test_a_truth_is_a_manifest_or_a_coco_data_set_by_its_name() -> None:
    assert parse_truth(str(CASES / "truth.json")).format == "coco"
    assert parse_truth(f"{REAL / 'birds-boxes.manifest'}#category").attributes == ("category",)
    assert read_truth(parse_truth(str(CASES / "truth.json"))).classes == ("bee", "wasp")
