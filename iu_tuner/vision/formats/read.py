"""Reads a truth, or predictions of any format, and names their classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from iu_tuner.contract.input_errors import quoted
from iu_tuner.exit_codes import UsageError
from iu_tuner.vision.formats.coco import read_coco, read_coco_predictions
from iu_tuner.vision.formats.files import read_json
from iu_tuner.vision.formats.labels import DataSet, ImageLabels
from iu_tuner.vision.formats.manifest import read_manifest
from iu_tuner.vision.formats.rekognition import read_detections, read_results
from iu_tuner.vision.formats.sources import Source
from iu_tuner.vision.formats.tensorflow import read_tensorflow

ClassMap = Mapping[str, str]
_NO_TRUTH = DataSet((), ())


def read_truth(source: Source) -> DataSet:
    """Read a COCO data set or a manifest. Raises UsageError with a sentence for each error."""
    if source.format == "coco":
        truth = read_coco(source.path)
    else:
        truth = read_manifest(source.path, source.attributes, is_truth=True)
    if not truth.images:
        raise UsageError(f"{source.path}: the truth has no images")
    return _with_notes(truth)


def read_predictions(source: Source, class_map: ClassMap | None = None, truth: DataSet = _NO_TRUTH) -> DataSet:
    """Read predictions of any format. `truth` resolves the ids of COCO's results.

    `class_map` gives a class's name by its number or by the name that the file has. Labels of TensorFlow have numbers
    only, and need one.

    Raises:
        UsageError: a sentence for each error; or an image is there twice.
    """
    images = _read(source, truth)
    keys: set[str] = set()
    for image in images:
        if image.key in keys:
            raise UsageError(f"{source.path}: the image {quoted(image.key)} is there twice")
        keys.add(image.key)
    if class_map is None and source.format == "tensorflow" and any(image.labels for image in images):
        raise UsageError(f"{source.path}: its classes are numbers: name them with --class-map NAME=FILE")
    images = [_with_mapped_classes(image, class_map or {}) for image in images]
    classes = dict.fromkeys(label.name for image in images for label in image.labels)
    return _with_notes(DataSet(tuple(images), tuple(classes)))


def read_class_map(path: Path) -> ClassMap:
    """Read a JSON object of class number or name to class name. Raises UsageError with a sentence."""
    class_map = read_json(path)
    if not isinstance(class_map, dict) or not all(isinstance(name, str) and name for name in class_map.values()):
        raise UsageError(f'{path}: a class map takes a JSON object like {{"1": "bee"}}; got {quoted(class_map)}')
    return class_map


def _read(source: Source, truth: DataSet) -> list[ImageLabels]:
    if source.format == "coco":
        return read_coco_predictions(source.path, truth)
    if source.format == "manifest":
        return list(read_manifest(source.path, source.attributes, is_truth=False).images)
    readers = {"results": read_results, "detections": read_detections, "tensorflow": read_tensorflow}
    return readers[source.format](source.path)


def _with_mapped_classes(image: ImageLabels, class_map: ClassMap) -> ImageLabels:
    if not class_map:
        return image
    labels = (
        replace(label, name=class_map.get(label.name, class_map.get(label.name.removeprefix("class "), label.name)))
        for label in image.labels
    )
    return replace(image, labels=tuple(labels))


def _with_notes(data_set: DataSet) -> DataSet:
    """The set with a sentence about boxes beyond their image, and one about boxes without an area."""
    boxes = [(label.box, image.size) for image in data_set.images for label in image.labels if label.box]
    boxes_beyond = sum(box.beyond(size) for box, size in boxes)
    flat_boxes = sum(box.width * box.height == 0 for box, _ in boxes)
    notes = [
        *([f"boxes that reach beyond the edges of their image: {boxes_beyond:,}"] if boxes_beyond else []),
        *([f"boxes without an area: {flat_boxes:,}"] if flat_boxes else []),
    ]
    return replace(data_set, notes=(*data_set.notes, *notes))
