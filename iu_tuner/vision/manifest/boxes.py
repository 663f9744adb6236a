"""Rules about a label attribute of type groundtruth/object-detection: boxes, their classes and confidences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from iu_tuner.contract.input_errors import quoted
from iu_tuner.vision.formats.files import is_number, size_of

Fault = tuple[str, str]
"""A code and a sentence."""

MAX_BOXES = 50  # the guide, "Guidelines and quotas": bounding boxes in an image
TRAINED_SIDE = 1280  # the guide, ERROR_BOUNDING_BOX_TOO_SMALL: a longer image is made this long
MIN_SIDE = 1  # the same: a box has to be more than this wide and high, in pixels of the image that is trained on
FRAME_TOLERANCE = 1e-3  # pixels: sums of fractions are not exact
MAX_NAME = 256  # characters: the guide, ERROR_INVALID_LABEL_NAME_LENGTH
SIDES = ("left", "top", "width", "height")
_NUMBERS = {int, float}
VALUE, METADATA = "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"


def box_faults(name: str, value: Any, metadata: dict[str, Any]) -> Iterator[Fault]:
    """The faults of attribute `name`, with its value and its metadata."""
    if not isinstance(value, dict):
        yield VALUE, f"{name} takes an object with image_size and annotations; got {quoted(value)}"
        return
    size = _size(value.get("image_size"))
    if size is None:
        image_size = value.get("image_size")
        valid_size = '[{"width": 640, "height": 480, "depth": 3}]: a list of one'
        yield VALUE, f"{name}.image_size takes {valid_size}; got {quoted(image_size)}"
    annotations = value.get("annotations", [])
    if not isinstance(annotations, list):
        yield VALUE, f"{name}.annotations takes a list; got {quoted(annotations)}"
        return
    yield from _annotation_faults(name, annotations, size)
    yield from _metadata_faults(name, annotations, metadata)


def box_classes(value: Any, metadata: dict[str, Any]) -> Iterator[str]:
    """The names of the classes that have a box."""
    names = metadata.get("class-map")
    annotations = value.get("annotations") if isinstance(value, dict) else None
    for annotation in annotations if isinstance(annotations, list) else ():
        class_name = (
            names.get(str(annotation.get("class_id")))
            if isinstance(annotation, dict) and isinstance(names, dict)
            else None
        )
        if isinstance(class_name, str):
            yield class_name


def _size(sizes: Any) -> tuple[int, int] | None:
    if not (isinstance(sizes, list) and len(sizes) == 1 and isinstance(sizes[0], dict)):
        return None
    return size_of(sizes[0].get("width"), sizes[0].get("height"))


def _annotation_faults(name: str, annotations: list[Any], size: tuple[int, int] | None) -> Iterator[Fault]:
    boxes = [_box(each) for each in annotations]
    if annotations and not any(boxes):
        yield "ERROR_NO_VALID_ANNOTATIONS", f"{name}: none of its annotations has numbers for {', '.join(SIDES)}"
        return
    for number, (each, box) in enumerate(zip(annotations, boxes, strict=True)):
        fault: Fault | None
        if box is None:
            fault = VALUE, f"takes numbers for {', '.join(SIDES)}; got {quoted(each)}"
        elif type(class_id := each.get("class_id")) is not int:
            fault = VALUE, f"takes a whole number as class_id; got {quoted(class_id)}"
        else:
            fault = _frame_fault(*box, size)
        if fault:
            yield fault[0], f"{name}.annotations[{number}] {fault[1]}"


def _box(entry: Any) -> tuple[float, float, float, float] | None:
    """The sides of a box; None unless they are four finite numbers. In haste, as there may be millions of boxes."""
    try:
        box = left, top, width, height = entry["left"], entry["top"], entry["width"], entry["height"]
        are_numbers = {type(left), type(top), type(width), type(height)} <= _NUMBERS
        return box if are_numbers and math.isfinite(left + top + width + height) else None
    except (TypeError, KeyError, OverflowError):
        return None


def _frame_fault(left: float, top: float, width: float, height: float, size: tuple[int, int] | None) -> Fault | None:
    if left < 0 or top < 0 or width < 0 or height < 0:
        sides = f"left {left:g}, top {top:g}, width {width:g}, height {height:g}"
        return "ERROR_INVALID_BOUNDING_BOX", f"has a negative number: {sides}"
    if size and (left + width > size[0] + FRAME_TOLERANCE or top + height > size[1] + FRAME_TOLERANCE):
        reach_text = f"reaches to {left + width:g}, {top + height:g}"
        return "ERROR_INVALID_BOUNDING_BOX", f"{reach_text} on an image of {size[0]} x {size[1]} pixels"
    scale = min(1.0, TRAINED_SIDE / max(size)) if size else 1.0
    if width * scale <= MIN_SIDE or height * scale <= MIN_SIDE:
        shrunk_text = (
            f", {width * scale:.3g} x {height * scale:.3g} after the image is made smaller" if scale < 1 else ""
        )
        return "ERROR_BOUNDING_BOX_TOO_SMALL", f"is {width:g} x {height:g} pixels{shrunk_text}; takes more than 1 x 1"
    return None


def _metadata_faults(name: str, annotations: list[Any], metadata: dict[str, Any]) -> Iterator[Fault]:
    names, objects = metadata.get("class-map"), metadata.get("objects", [])
    if not isinstance(names, dict) or not all(isinstance(each, str) for each in names.values()):
        yield METADATA, f'{name}-metadata.class-map takes an object like {{"0": "bee"}}; got {quoted(names)}'
    else:
        yield from name_faults(f"{name}-metadata.class-map", names.values())
        ids = [each["class_id"] for each in annotations if isinstance(each, dict) and "class_id" in each]
        if missing_ids := sorted({str(each) for each in ids} - names.keys()):
            yield (
                "ERROR_MISSING_CLASS_MAP_ID",
                f"{name}-metadata.class-map has no name for class_id {', '.join(missing_ids)}",
            )
    if not isinstance(objects, list):
        yield METADATA, f'{name}-metadata.objects takes a list like [{{"confidence": 1}}]; got {quoted(objects)}'
        return
    confidences = [each["confidence"] for each in objects if isinstance(each, dict) and "confidence" in each]
    if len(confidences) < len(annotations):
        counts = f"{len(annotations)} boxes and {len(confidences)} confidences in {name}-metadata.objects"
        yield "ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", f"there are {counts}"
    for each in confidences:
        if not is_number(each) or not 0 <= each <= 1:
            yield METADATA, f"{name}-metadata.objects: a confidence is 0 to 1; got {quoted(each)}"
            return


def name_faults(field: str, names: Iterable[str]) -> Iterator[Fault]:
    """A fault for each name of a class that is empty or longer than the service takes."""
    for name in names:
        if not 1 <= len(name) <= MAX_NAME:
            sentence = f"{field}: a class has a name of 1 to {MAX_NAME} characters; got {len(name)}: {quoted(name)}"
            yield "ERROR_INVALID_LABEL_NAME_LENGTH", sentence
