"""Manifests of SageMaker Ground Truth, Custom Labels and Lookout for Vision, as truth or as predictions.

A label attribute is a key that has a value and an `<attribute>-metadata` with a `type`; names and order mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from iu_tuner.contract.input_errors import quoted
from iu_tuner.exit_codes import UsageError
from iu_tuner.vision.formats.files import FileErrors, box_of, confidence_of, read_lines, size_of
from iu_tuner.vision.formats.labels import DataSet, ImageLabels, Label

BOXES, WHOLE_IMAGE = "groundtruth/object-detection", "groundtruth/image-classification"
Lines = list[tuple[int, dict[str, Any] | ValueError]]


def read_manifest(path: Path, attributes: tuple[str, ...], *, is_truth: bool) -> DataSet:
    """Read one label attribute of a manifest, or several that are named.

    A line of a truth needs the attribute; a line of predictions without it is an image without a prediction.

    Raises:
        UsageError: a sentence for each error; or no attribute is named and the file has several.
    """
    errors = FileErrors(path)
    lines = list(read_lines(path))
    chosen_attributes = _chosen_attributes(path, lines, attributes)
    images: dict[str, ImageLabels] = {}
    first_line: dict[str, int] = {}
    classes: dict[str, None] = {}
    for number, line in lines:
        try:
            if isinstance(line, ValueError):
                raise ValueError(f"no JSON object: {line}")
            key = _key(line)
            if key in images:
                raise ValueError(f"the image of line {first_line[key]} is there again")
            image = _image(key, line, chosen_attributes, is_truth)
        except ValueError as error:
            errors.add(f"line {number}", str(error))
            continue
        if image is None:
            continue
        images[key], first_line[key] = image, number
        classes.update(dict.fromkeys(_class_names(line, chosen_attributes)))
        classes.update(dict.fromkeys(label.name for label in image.labels))
    errors.raise_if_any()
    return DataSet(tuple(images.values()), tuple(classes))


def label_attributes(line: dict[str, Any]) -> Iterator[str]:
    """The label attributes of a line: of boxes, or of the whole image."""
    for name in line:
        metadata = line.get(f"{name}-metadata")
        if isinstance(metadata, dict) and metadata.get("type") in (BOXES, WHOLE_IMAGE):
            yield name


def _chosen_attributes(path: Path, lines: Lines, attributes: tuple[str, ...]) -> tuple[str, ...]:
    if not lines:
        raise UsageError(f"{path}: it has no lines")
    objects = [line for _, line in lines if isinstance(line, dict)]
    present_attributes = tuple(dict.fromkeys(name for line in objects for name in label_attributes(line)))
    attribute_list = ", ".join(present_attributes) or "none"
    if missing := [name for name in attributes if name not in present_attributes]:
        raise UsageError(f"{path}: there is no label attribute {missing[0]}; it has {attribute_list}")
    if not attributes and len(present_attributes) != 1:
        raise UsageError(f"{path}: name the label attribute that is read, as PATH#ATTRIBUTE; it has {attribute_list}")
    return attributes or present_attributes


def _key(line: dict[str, Any]) -> str:
    """The object key of a `source-ref`, or the path where that is no S3 address."""
    if not isinstance(reference := line.get("source-ref"), str) or not reference:
        raise ValueError(f"source-ref takes the address of an image; got {quoted(reference)}")
    if "://" not in reference:
        return reference
    _, _, key = reference.removeprefix("s3://").partition("/")
    if not key or not reference.startswith("s3://"):
        raise ValueError(f"source-ref takes s3://bucket/key; got {quoted(reference)}")
    return key


def _image(key: str, line: dict[str, Any], attributes: tuple[str, ...], is_truth: bool) -> ImageLabels | None:
    present_attributes = [name for name in attributes if name in set(label_attributes(line))]
    if not present_attributes:
        if is_truth:
            raise ValueError(f"it has no label attribute {' or '.join(attributes)}")
        return None
    labels: list[Label] = []
    size = None
    for name in present_attributes:
        value, metadata = line[name], line[f"{name}-metadata"]
        if metadata["type"] == BOXES:
            boxes, size = boxes_of(name, value, metadata, is_truth)
            labels += boxes
        else:
            labels.append(_whole_image(name, metadata, is_truth))
    return ImageLabels(key, tuple(labels), size)


def boxes_of(
    name: str, value: Any, metadata: dict[str, Any], is_truth: bool
) -> tuple[list[Label], tuple[int, int] | None]:
    """The boxes of a label attribute, and the image's size. Raises ValueError with a sentence for what is no box."""
    if not isinstance(value, dict) or not isinstance(annotations := value.get("annotations"), list):
        raise ValueError(f"{name} takes an object with annotations; got {quoted(value)}")
    size = value.get("image_size")
    size = size[0] if isinstance(size, list) and size else size  # an older page of the service has no list
    size = size if isinstance(size, dict) else {}
    names, objects = metadata.get("class-map"), metadata.get("objects")
    names = names if isinstance(names, dict) else {}
    objects = objects if isinstance(objects, list) else []
    labels = []
    for number, annotation in enumerate(annotations):
        if not isinstance(annotation, dict) or (class_id := str(annotation.get("class_id"))) not in names:
            raise ValueError(
                f"{name}.annotations[{number}]: its class_id is not in class-map; got {quoted(annotation)}"
            )
        box = box_of([annotation.get(side) for side in ("left", "top", "width", "height")], in_pixels=True)
        if is_truth:
            confidence = 100.0
        elif number < len(objects) and isinstance(objects[number], dict):
            confidence = confidence_of(objects[number].get("confidence"), 1)
        else:
            raise ValueError(f"{name}-metadata.objects has no confidence for annotations[{number}]")
        labels.append(Label(str(names[class_id]), confidence, box))
    return labels, size_of(size.get("width"), size.get("height"))


def _whole_image(name: str, metadata: dict[str, Any], is_truth: bool) -> Label:
    if not isinstance(class_name := metadata.get("class-name"), str):
        raise ValueError(f"{name}-metadata takes a class-name; got {quoted(class_name)}")
    return Label(class_name, 100.0 if is_truth else confidence_of(metadata.get("confidence"), 1))


def _class_names(line: dict[str, Any], attributes: tuple[str, ...]) -> Iterator[str]:
    for name in attributes:
        metadata = line.get(f"{name}-metadata")
        names = metadata.get("class-map") if isinstance(metadata, dict) else None
        yield from map(str, names.values()) if isinstance(names, dict) else ()
