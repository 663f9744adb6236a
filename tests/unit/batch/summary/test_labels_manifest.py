"""The lines of labels.manifest: boxes in whole pixels inside of the image, or labels of the whole image."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from iu_tuner.contract.detections import Box, Detections, Label, ListedImage
from lambdas.batch.summary.labels_manifest import LabelsManifest

IMAGE = ListedImage("incoming/ä b.jpg", "e", 9)
BEES = Detections(
    IMAGE,
    (
        Label("bee", 99.968, Box(0.25, 0.5, 0.125, 0.25)),
        Label("wasp", 50.0, Box(0, 0, 1, 1)),
        Label("bee", 20.0, Box(0, 0, 0.5, 0.5)),
    ),
    183,
    1,
    "2026-11-28T06:00:00.123Z",
)


def test_boxes_are_those_of_ground_truth_in_pixels() -> None:
    manifest = LabelsManifest("my-images", "run-1", 50)

    assert manifest.needs_sides(BEES)
    line = json.loads(manifest.line(BEES, (640, 480)))

    assert line["source-ref"] == "s3://my-images/incoming/ä b.jpg"
    assert line["labels"] == {
        "image_size": [{"width": 640, "height": 480, "depth": 3}],
        "annotations": [
            {"class_id": 0, "left": 160, "top": 240, "width": 80, "height": 120},
            {"class_id": 1, "left": 0, "top": 0, "width": 640, "height": 480},
        ],
    }
    assert line["labels-metadata"] == {
        "objects": [{"confidence": 0.99968}, {"confidence": 0.5}],
        "class-map": {"0": "bee", "1": "wasp"},
        "type": "groundtruth/object-detection",
        "human-annotated": "no",
        "creation-date": "2026-11-28T06:00:00",
        "job-name": "run-1",
    }


def test_classes_keep_their_numbers_over_the_file() -> None:
    manifest = LabelsManifest("my-images", "run-1")
    manifest.line(BEES, (640, 480))
    other = Detections(IMAGE, (Label("wasp", 90, Box(0, 0, 1, 1)),), 1, 1, BEES.at)

    assert json.loads(manifest.line(other, (9, 9)))["labels-metadata"]["class-map"] == {"1": "wasp"}


def test_labels_without_boxes_are_image_level_attributes() -> None:
    manifest = LabelsManifest("my-images", "run-1")
    found = Detections(IMAGE, (Label("rotten", 90.0), Label("apple", 80.0)), 1, 1, BEES.at)

    assert not manifest.needs_sides(found)
    line = json.loads(manifest.line(found, None))

    assert (line["labels-1"], line["labels-2"]) == (1, 1)
    assert line["labels-2-metadata"]["class-name"] == "apple"
    assert line["labels-2-metadata"]["confidence"] == 0.8
    assert line["labels-2-metadata"]["type"] == "groundtruth/image-classification"
    assert not manifest.needs_sides(Detections(IMAGE, (), 1, 1, BEES.at))  # the model has no boxes


share = st.floats(-0.1, 1.1)


@given(share, share, share, share, st.integers(1, 5000), st.integers(1, 5000))
def test_boxes_lie_inside_of_the_image_and_have_a_pixel(
    left: float, top: float, wide: float, high: float, width: int, height: int
) -> None:
    found = Detections(IMAGE, (Label("bee", 90, Box(left, top, wide, high)),), 1, 1, BEES.at)
    box = json.loads(LabelsManifest("b", "r").line(found, (width, height)))["labels"]["annotations"][0]

    assert box["width"] >= 1
    assert box["height"] >= 1
    assert 0 <= box["left"] <= box["left"] + box["width"] <= width
    assert 0 <= box["top"] <= box["top"] + box["height"] <= height
