"""From COCO to a manifest and back: whole pixels exactly, fractions around, crowds left out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iu_tuner.vision.manifest.coco.from_coco import from_coco
from iu_tuner.vision.manifest.coco.to_coco import to_coco
from tests.unit.vision.comparing import REAL
from tests.unit.vision.manifest.samples import BOX, Manifest, boxes, classes, text

IMAGES = "s3://mine/data"
Annotation = dict[str, Any]


def coco(*annotations: Annotation, ids: tuple[Any, ...] = (1,), **image: Any) -> str:
    """A data set of two images (7: `a.jpg`, 9: `b.jpg`) of 100 x 80, and a class for each of `ids`."""
    return json.dumps(
        {
            "images": [
                {"id": id_, "file_name": f"{name}.jpg", "width": 100, "height": 80, **image}
                for id_, name in ((9, "b"), (7, "a"))
            ],
            "annotations": [{"id": number, **each} for number, each in enumerate(annotations)],
            "categories": [{"id": id_, "name": f"class {id_}"} for id_ in ids],
        }
    )


def marked(bbox: list[float], image: int = 7, category: Any = 1, **more: Any) -> Annotation:
    return {"image_id": image, "category_id": category, "bbox": bbox, **more}


def lines_of(manifest: Manifest, data: str) -> tuple[list[dict[str, Any]], str]:
    """The lines that are made of a data set, and what is said about them."""
    out = manifest.folder / "out.manifest"
    done = manifest("from-coco", manifest.file(data, "in.json"), "--images", IMAGES, "--out", out)
    assert done.code == 0, done.err
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()], done.err


def facts(data: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What a data set says, whatever its ids of images and annotations, without crowds."""
    files = {each["id"]: Path(each["file_name"]).name for each in data["images"]}
    names = {each["id"]: (each["id"], each["name"]) for each in data["categories"]}
    found = [
        (files[each["image_id"]], *names[each["category_id"]], tuple(each["bbox"]))
        for each in data["annotations"]
        if not each.get("iscrowd")
    ]
    sizes = [(files[each["id"]], each["width"], each["height"]) for each in data["images"]]
    return sorted([*found, *sizes], key=repr)


@pytest.mark.parametrize("name", ["shapes-truth.json", "cats-truth.JSON"])
def test_real_data_sets_of_whole_pixels_come_back_as_they_were(manifest: Manifest, name: str) -> None:
    """cats: class id 0, image ids from 0."""
    there, back = manifest.folder / "there.manifest", manifest.folder / "back.json"

    manifest("from-coco", REAL / name, "--images", IMAGES, "--out", there)
    found = manifest("check", there)
    manifest("to-coco", there, "--out", back)

    before = json.loads((REAL / name).read_text("utf-8"))
    assert not [code for _, code in found.findings if code.startswith("ERROR_")]
    assert facts(json.loads(back.read_text("utf-8"))) == facts(before)


@pytest.mark.parametrize("name", ["val2014-100-truth.json", "edge-truth.json", "image-id-as-text-truth.json"])
def test_real_data_sets_with_fractions_and_crowds_are_valid(manifest: Manifest, name: str) -> None:
    out = manifest.folder / "out.manifest"

    manifest("from-coco", REAL / name, "--images", IMAGES, "--out", out)
    found = manifest("check", out)

    before = json.loads((REAL / name).read_text("utf-8"))
    written = [json.loads(line)["bounding-box"]["annotations"] for line in out.read_text("utf-8").splitlines()]
    assert not [code for _, code in found.findings if code.startswith("ERROR_")]
    assert sum(map(len, written)) == sum(not each.get("iscrowd") for each in before["annotations"])


boxes_in_the_image = st.tuples(st.integers(0, 99), st.integers(0, 79)).flatmap(
    lambda corner: st.tuples(
        st.just(corner[0]), st.just(corner[1]), st.integers(1, 100 - corner[0]), st.integers(1, 80 - corner[1])
    )
)


@given(listed=st.lists(st.tuples(boxes_in_the_image, st.sampled_from([7, 9]), st.sampled_from([0, 3, 90])), max_size=9))
def test_whole_pixels_and_sparse_ids_come_back(
    tmp_path_factory: pytest.TempPathFactory, listed: list[tuple[tuple[int, ...], int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("coco")
    data = coco(*(marked(list(box), image, category) for box, image, category in listed), ids=(0, 3, 90))
    (folder / "in.json").write_text(data, "utf-8")

    from_coco(folder / "in.json", f"{IMAGES}/", folder / "there", "2026-01-01T00:00:00")
    to_coco(folder / "there", None, folder / "back")

    assert facts(json.loads((folder / "back").read_text("utf-8"))) == facts(json.loads(data))


@given(left=st.floats(0, 99), top=st.floats(0, 79), width=st.floats(0.01, 99), height=st.floats(0.01, 79))
def test_fractions_become_whole_pixels_around_and_inside(
    tmp_path_factory: pytest.TempPathFactory, left: float, top: float, width: float, height: float
) -> None:
    folder = tmp_path_factory.mktemp("coco")
    width, height = min(width, 100 - left), min(height, 80 - top)
    (folder / "in.json").write_text(coco(marked([left, top, width, height])), "utf-8")

    from_coco(folder / "in.json", f"{IMAGES}/", folder / "out", "2026-01-01T00:00:00")

    (box,) = json.loads((folder / "out").read_text("utf-8").splitlines()[0])["bounding-box"]["annotations"]
    right, bottom = box["left"] + box["width"], box["top"] + box["height"]
    assert all(isinstance(each, int) for each in box.values())
    assert 0 <= box["left"] <= left + 1e-6 and left + width - 1e-6 <= right <= 100
    assert 0 <= box["top"] <= top + 1e-6 and top + height - 1e-6 <= bottom <= 80
    assert left - box["left"] < 1 and right - (left + width) < 1


def test_crowds_are_left_out_and_images_of_crowds_alone(manifest: Manifest) -> None:
    data = coco(marked([1, 2, 3, 4], iscrowd=1), marked([1, 2, 3, 4], 9), marked([5, 5, 9, 9], 9, iscrowd=1))

    lines, said = lines_of(manifest, data)

    assert [line["source-ref"] for line in lines] == [f"{IMAGES}/b.jpg"]
    assert lines[0]["bounding-box"]["annotations"] == [{"class_id": 1, "left": 1, "top": 2, "width": 3, "height": 4}]
    assert "crowds (iscrowd) that are left out: 2" in said
    assert "nothing but crowds: 1" in said


def test_an_image_without_objects_stays(manifest: Manifest) -> None:
    lines, _ = lines_of(manifest, coco(marked([1, 2, 3, 4])))

    assert [len(line["bounding-box"]["annotations"]) for line in lines] == [1, 0]


def test_a_box_outside_of_the_image_is_left_out_and_one_beyond_its_edge_is_cut(manifest: Manifest) -> None:
    lines, said = lines_of(manifest, coco(marked([100, 2, 3, 4]), marked([90, -5, 30, 10])))

    assert lines[0]["bounding-box"]["annotations"] == [{"class_id": 1, "left": 90, "top": 0, "width": 10, "height": 5}]
    assert "no pixel of theirs is on the image: 1" in said


def test_class_ids_that_are_no_numbers_are_numbered(manifest: Manifest) -> None:
    lines, _ = lines_of(manifest, coco(marked([1, 2, 3, 4], category="w"), ids=("b", "w")))

    assert lines[0]["bounding-box"]["annotations"][0]["class_id"] == 1
    assert lines[0]["bounding-box-metadata"]["class-map"] == {"1": "class w"}


def test_faults_of_a_data_set_are_sentences(manifest: Manifest) -> None:
    out = manifest.folder / "out.manifest"
    broken = coco(marked([1, 2, 3]), marked([1, 2, 3, 4], image=8))

    done = manifest("from-coco", manifest.file(broken, "in.json"), "--images", IMAGES, "--out", out)
    no_size = manifest("from-coco", manifest.file(coco(width=None), "in.json"), "--images", IMAGES, "--out", out)

    assert (done.code, no_size.code) == (2, 2)
    assert len(re.findall(r"annotations\[[01]\]", done.err)) == 2
    assert "2 of its images have no width and height: a.jpg is the first" in no_size.err
    assert not out.exists()


def test_a_manifest_with_an_older_image_size_becomes_coco(manifest: Manifest) -> None:
    line = boxes(1)
    line["bees"]["image_size"] = line["bees"]["image_size"][0]
    out = manifest.folder / "out.json"

    done = manifest("to-coco", manifest.file(text(line)), "--out", out)

    data = json.loads(out.read_text("utf-8"))
    assert done.code == 0
    assert data["images"] == [{"id": 1, "file_name": "1.jpg", "width": 640, "height": 480}]
    assert [each["bbox"] for each in data["annotations"]] == [[10, 20, 30, 40], [300.5, 20, 30, 40]]
    assert data["categories"] == [{"id": 0, "name": "bee"}, {"id": 1, "name": "wasp"}]


def test_file_names_start_below_the_folder_of_all_images(manifest: Manifest) -> None:
    lines = [{**boxes(1), "source-ref": f"s3://mine/data/{key}"} for key in ("a/1.jpg", "ab/2.jpg", "a/c/3.jpg")]
    out = manifest.folder / "out.json"

    manifest("to-coco", manifest.file(text(*lines)), "--out", out)

    data = json.loads(out.read_text("utf-8"))
    assert [each["file_name"] for each in data["images"]] == ["a/1.jpg", "ab/2.jpg", "a/c/3.jpg"]


def test_a_number_of_two_classes_is_given_to_the_first(manifest: Manifest) -> None:
    second = boxes(2, [BOX])
    second["bees-metadata"]["class-map"] = {"0": "hornet"}
    out = manifest.folder / "out.json"

    manifest("to-coco", manifest.file(text(boxes(1), second)), "--out", out)

    names = {each["name"]: each["id"] for each in json.loads(out.read_text("utf-8"))["categories"]}
    assert names == {"bee": 0, "wasp": 1, "hornet": 2}


def test_the_attribute_is_named_where_there_are_two(manifest: Manifest) -> None:
    line = {**boxes(1), "birds": boxes(1, [BOX])["bees"], "birds-metadata": boxes(1, [BOX])["bees-metadata"]}
    path, out = manifest.file(text(line, classes(2, "bee"))), manifest.folder / "out.json"

    unnamed = manifest("to-coco", path, "--out", out)
    unknown = manifest("to-coco", f"{path}#wasps", "--out", out)
    named = manifest("to-coco", f"{path}#birds", "--out", out)

    assert (unnamed.code, unknown.code, named.code) == (2, 2, 0)
    assert "PATH#ATTRIBUTE; it has bees, birds" in unnamed.err
    assert "no label attribute wasps with boxes" in unknown.err
    assert "they don't have the attribute: 1" in named.err
    assert len(json.loads(out.read_text("utf-8"))["annotations"]) == 1


def test_a_box_without_a_class_is_refused_with_its_line(manifest: Manifest) -> None:
    line = boxes(2, [{**BOX, "class_id": 9}])
    out = manifest.folder / "out.json"

    done = manifest("to-coco", manifest.file(text(boxes(1), line)), "--out", out)

    assert done.code == 2
    assert "line 2: bees.annotations[0]: its class_id is not in class-map" in done.err
    assert not out.exists()
