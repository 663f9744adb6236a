"""`labels.manifest`: what the model found, as a Ground Truth manifest that people can review and import. Pure.

The format is that of SageMaker Ground Truth's output for bounding boxes, or for image-level labels of a model
without boxes (Amazon Rekognition Custom Labels Developer Guide, "Creating a manifest file").
"""

from __future__ import annotations

import json
from typing import Any

from iu_tuner.contract.detections import Box, Detections, Label

ATTRIBUTE = "labels"
Sides = tuple[int, int]  # width and height in pixels


class LabelsManifest:
    """Makes one line for each image. Labels below `min_confidence` (0 to 100) are left out."""

    def __init__(self, bucket: str, run_id: str, min_confidence: float | None = None) -> None:
        self._bucket, self._run_id, self._min_confidence = bucket, run_id, min_confidence or 0.0
        self._classes: dict[str, int] = {}
        self._has_boxes = True  # of the model; an image without labels does not say it

    def needs_sides(self, detections: Detections) -> bool:
        """Whether the image's line has boxes, which are in pixels."""
        if detections.labels:
            self._has_boxes = detections.labels[0].box is not None
        return self._has_boxes

    def line(self, detections: Detections, sides: Sides | None) -> str:
        """The line of an image with these `sides`, which a line without boxes does not need."""
        labels = [label for label in detections.labels if label.confidence >= self._min_confidence]
        job = {"human-annotated": "no", "creation-date": detections.at[:19], "job-name": self._run_id}
        source = {"source-ref": f"s3://{self._bucket}/{detections.image.key}"}
        members = self._boxes(labels, sides, job) if sides is not None else _image_level(labels, job)
        return json.dumps({**source, **members}, ensure_ascii=False)

    def _boxes(self, labels: list[Label], sides: Sides, job: dict[str, str]) -> dict[str, Any]:
        width, height = sides
        labels_with_box = [(label, label.box) for label in labels if label.box is not None]
        annotations = [
            {"class_id": self._class_of(label), **_pixels(box, width, height)} for label, box in labels_with_box
        ]
        class_map = {str(self._class_of(label)): label.name for label, _ in labels_with_box}
        return {
            ATTRIBUTE: {"image_size": [{"width": width, "height": height, "depth": 3}], "annotations": annotations},
            f"{ATTRIBUTE}-metadata": {
                "objects": [{"confidence": _share(label)} for label, _ in labels_with_box],
                "class-map": class_map,
                "type": "groundtruth/object-detection",
                **job,
            },
        }

    def _class_of(self, label: Label) -> int:
        return self._classes.setdefault(label.name, len(self._classes))


def _image_level(labels: list[Label], job: dict[str, str]) -> dict[str, Any]:
    """One attribute for each label of the whole image."""
    members: dict[str, Any] = {}
    for number, label in enumerate(labels, start=1):
        attribute = f"{ATTRIBUTE}-{number}"
        members[attribute] = 1
        members[f"{attribute}-metadata"] = {
            "class-name": label.name,
            "confidence": _share(label),
            "type": "groundtruth/image-classification",
            **job,
        }
    return members


def _share(label: Label) -> float:
    return round(label.confidence / 100, 5)


def _pixels(box: Box, width: int, height: int) -> dict[str, int]:
    """A box in whole pixels, at least one a side and inside of the image."""
    left, right = _range(box.left, box.width, width)
    top, bottom = _range(box.top, box.height, height)
    return {"left": left, "top": top, "width": right - left, "height": bottom - top}


def _range(start: float, length: float, pixels: int) -> tuple[int, int]:
    first = min(max(0, round(start * pixels)), pixels - 1)
    last = min(max(first + 1, round((start + length) * pixels)), pixels)
    return first, last
