"""From a COCO data set to a manifest with boxes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from iu_tuner.exit_codes import UsageError
from iu_tuner.vision.formats.coco import read_coco
from iu_tuner.vision.formats.labels import Box, DataSet, ImageLabels, Label
from iu_tuner.vision.formats.manifest import BOXES
from iu_tuner.vision.manifest.lines import replace_file

ATTRIBUTE = "bounding-box"
_ROUNDING = 1e-9  # pixels: an edge at 0.1 + 0.2 is one at 0.3


def from_coco(source: Path, folder: str, target: Path, date: str) -> list[str]:
    """Write a line for each image, and return sentences about what is left out.

    `folder` is the address of the images, with `/` at its end; `date` is the labels' creation date. A box becomes the
    smallest one of whole pixels around it, inside of the image. Crowds (`iscrowd`) are left out, and with them images
    with nothing but crowds: without them such an image would be one where nothing is.

    Raises:
        UsageError: the data set is broken, or an image has no width and height.
    """
    data_set = read_coco(source)
    if not data_set.images:
        raise UsageError(f"{source}: it has no images")
    if without_size := [image.key for image in data_set.images if not image.size]:
        raise UsageError(
            f"{source}: {len(without_size)} of its images have no width and height: {without_size[0]} is the first"
        )
    ids = _class_ids(data_set)
    crowds = crowd_images = outside_boxes = 0
    with replace_file(target) as out:
        for image in data_set.images:
            labels = [label for label in image.labels if not label.is_crowd]
            crowds += len(image.labels) - len(labels)
            if image.labels and not labels:
                crowd_images += 1
                continue
            annotations = [each for each in (_annotation(label, image, ids) for label in labels) if each]
            outside_boxes += len(labels) - len(annotations)
            line = _line(folder + image.key, image, annotations, ids, date)
            out.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
    return list(_notes(crowds, crowd_images, outside_boxes))


def _notes(crowds: int, crowd_images: int, outside_boxes: int) -> Iterator[str]:
    if crowds:
        yield f"crowds (iscrowd) that are left out: {crowds:,}"
    if crowd_images:
        yield f"images that are left out, as they have nothing but crowds: {crowd_images:,}"
    if outside_boxes:
        yield f"boxes that are left out, as no pixel of theirs is on the image: {outside_boxes:,}"


def _class_ids(data_set: DataSet) -> dict[str, int]:
    """The number of each class: its own, if all are whole numbers; else its place."""
    ids = list(data_set.class_names)
    if all(each.isascii() and each.isdecimal() for each in ids):
        return {data_set.class_names[each]: int(each) for each in ids}
    return {data_set.class_names[each]: number for number, each in enumerate(ids)}


def _annotation(label: Label, image: ImageLabels, ids: dict[str, int]) -> dict[str, int] | None:
    width, height = image.size or (0, 0)
    box = label.box or Box(0, 0, 0, 0, in_pixels=True)
    left, right = _pixels(box.left, box.left + box.width, width)
    top, bottom = _pixels(box.top, box.top + box.height, height)
    if left >= right or top >= bottom:
        return None
    return {"class_id": ids[label.name], "left": left, "top": top, "width": right - left, "height": bottom - top}


def _pixels(low: float, high: float, limit: int) -> tuple[int, int]:
    return max(math.floor(low + _ROUNDING), 0), min(math.ceil(high - _ROUNDING), limit)


def _line(
    address: str, image: ImageLabels, annotations: list[dict[str, int]], ids: dict[str, int], date: str
) -> dict[str, Any]:
    width, height = image.size or (0, 0)
    used_ids = {each["class_id"] for each in annotations}
    return {
        "source-ref": address,
        ATTRIBUTE: {"image_size": [{"width": width, "height": height, "depth": 3}], "annotations": annotations},
        f"{ATTRIBUTE}-metadata": {
            "objects": [{"confidence": 1} for _ in annotations],
            "class-map": {str(number): name for name, number in ids.items() if number in used_ids},
            "type": BOXES,
            "human-annotated": "yes",
            "creation-date": date,
            "job-name": "from-coco",
        },
    }
