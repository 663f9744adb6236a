"""COCO: a data set as truth; a results list, or a data set with scores, as predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from iu_tuner.contract.input_errors import quoted
from iu_tuner.exit_codes import UsageError
from iu_tuner.vision.formats.files import FileErrors, box_of, confidence_of, is_number, read_json, size_of
from iu_tuner.vision.formats.labels import DataSet, ImageLabels, Label

Namer = Callable[[Any], str]
Sizes = dict[str, tuple[int, int] | None]


def read_coco(path: Path) -> DataSet:
    """Read a COCO data set as truth. Images are sorted by id, as pycocotools does, which decides ties.

    Raises:
        UsageError: a sentence for each error.
    """
    values, errors = read_json(path), FileErrors(path)
    if not isinstance(values, dict):
        raise UsageError(f"{path}: a COCO data set takes an object with images, annotations and categories")
    for name in ("images", "annotations", "categories"):
        if not isinstance(values.get(name), list):
            errors.add(name, "a COCO data set takes a list of this name")
    errors.raise_if_any()
    keys, sizes = _images(values["images"], errors)
    names = _names(values["categories"], "categories", errors)
    labels = _labels(
        values["annotations"],
        "annotations",
        _namer(keys, "image_id {} is none of its images"),
        _namer(names, "category_id {} is none of its categories"),
        False,
        errors,
    )
    errors.raise_if_any()
    images = (ImageLabels(key, tuple(labels.get(key, ())), sizes[key]) for key in keys.values())
    return DataSet(tuple(images), tuple(dict.fromkeys(names.values())), keys, names)


def read_coco_predictions(path: Path, truth: DataSet) -> list[ImageLabels]:
    """Read predictions: a results list, or a data set whose annotations have a `score` (0 to 1).

    Images and classes are named by the data set where it names them, else by the ids of `truth`. An image id that
    neither has stays as it is; a class id becomes `class <id>`.

    Raises:
        UsageError: a sentence for each error; or the truth has no ids and the predictions no names.
    """
    values, errors = read_json(path), FileErrors(path)
    annotations = values.get("annotations") if isinstance(values, dict) else values
    if not isinstance(annotations, list):
        raise UsageError(f"{path}: COCO predictions take a list of results, or a data set with annotations")
    data_set = values if isinstance(values, dict) else {}
    keys: Mapping[str, str] = {}
    names: Mapping[str, str] = {}
    if _all_have(data_set.get("images"), "file_name") and _is_named(truth.image_keys):
        keys, _ = _images(data_set["images"], errors)
    if _all_have(data_set.get("categories"), "name"):
        names = _names(data_set["categories"], "categories", errors)
    if annotations and not (keys or truth.image_keys):
        raise UsageError(
            f"{path}: it names images by id, and the truth has no ids: give a COCO truth, or another format"
        )
    key_by_id, name_by_id = keys or truth.image_keys, names or truth.class_names
    labels = _labels(
        annotations,
        "annotations" if data_set else "results",
        lambda id_: key_by_id.get(_text(id_), _text(id_)),
        lambda id_: name_by_id.get(_text(id_), f"class {_text(id_)}"),
        True,
        errors,
    )
    errors.raise_if_any()
    return [ImageLabels(key, tuple(labels.get(key, ()))) for key in dict.fromkeys([*keys.values(), *labels])]


def _images(images: list[Any], errors: FileErrors) -> tuple[dict[str, str], Sizes]:
    """The key of each image by its id, sorted by id; and the sizes by key."""
    keys: dict[str, str] = {}
    sizes: Sizes = {}
    for number, image in enumerate(images):
        location = f"images[{number}]"
        if not isinstance(image, dict) or not _is_id(image.get("id")):
            errors.add(location, f"an image takes an id, a number or a text; got {quoted(image)}")
            continue
        id_, name = _text(image["id"]), image.get("file_name")
        key = name if isinstance(name, str) and name else id_
        if id_ in keys:
            errors.add(location, f"the id {id_} is there twice")
        elif key in sizes:
            errors.add(location, f"the file name {key} is there twice")
        keys[id_], sizes[key] = key, size_of(image.get("width"), image.get("height"))
    as_numbers = all(map(_is_whole, keys))
    return dict(sorted(keys.items(), key=lambda item: (int(item[0]) if as_numbers else 0, item[0]))), sizes


def _names(categories: list[Any], field: str, errors: FileErrors) -> dict[str, str]:
    """The name of each class by its id."""
    names: dict[str, str] = {}
    for number, category in enumerate(categories):
        location = f"{field}[{number}]"
        if not isinstance(category, dict) or not _is_id(category.get("id")):
            errors.add(location, f"a category takes an id, a number or a text; got {quoted(category)}")
            continue
        id_, name = _text(category["id"]), category.get("name")
        name = name if isinstance(name, str) and name else f"class {id_}"
        if id_ in names or name in names.values():
            errors.add(location, f"the id {id_} or the name {name} is there twice")
        names[id_] = name
    return names


def _labels(
    annotations: list[Any], field: str, image_of: Namer, class_of: Namer, has_score: bool, errors: FileErrors
) -> dict[str, list[Label]]:
    labels_by_key: dict[str, list[Label]] = {}
    image_of, class_of = (
        cache(partial(_resolve, *field_and_namer))
        for field_and_namer in (("image_id", image_of), ("category_id", class_of))
    )
    for number, annotation in enumerate(annotations):
        try:
            if not isinstance(annotation, dict):
                raise ValueError(f"takes an object; got {quoted(annotation)}")
            box = box_of(annotation.get("bbox"), in_pixels=True)
            confidence = confidence_of(annotation.get("score"), 1, "score") if has_score else 100.0
            is_crowd = not has_score and bool(annotation.get("iscrowd"))
            label = Label(class_of(_usable_id(annotation.get("category_id"))), confidence, box, is_crowd)
            labels_by_key.setdefault(image_of(_usable_id(annotation.get("image_id"))), []).append(label)
        except ValueError as error:
            errors.add(f"{field}[{number}]", str(error))
    return labels_by_key


def _usable_id(id_: Any) -> Any:
    """An id that can be remembered: true is not the number 1, and a list is no id."""
    return id_ if _is_id(id_) else f"\0{quoted(id_)}"


def _resolve(field: str, name_of: Namer, id_: Any) -> str:
    if isinstance(id_, str) and id_.startswith("\0"):
        raise ValueError(f"{field} takes a number or a text; got {id_[1:]}")
    return name_of(id_)


def _namer(names: Mapping[str, str], message: str) -> Namer:
    def find(id_: Any) -> str:
        if (text := _text(id_)) not in names:
            raise ValueError(message.format(text))
        return names[text]

    return find


def _is_named(keys: Mapping[str, str]) -> bool:
    """Whether the truth names its images, or has no ids at all: then files are matched by name."""
    return not keys or any(key != id_ for id_, key in keys.items())


def _all_have(items: Any, field: str) -> bool:
    return isinstance(items, list) and bool(items) and all(isinstance(item, dict) and item.get(field) for item in items)


def _is_id(value: Any) -> bool:
    return is_number(value) or (isinstance(value, str) and bool(value))


def _text(id_: Any) -> str:
    """An id of any type as text: 2299, 2299.0 and "2299" are one id."""
    return str(int(id_)) if isinstance(id_, float) and id_ == int(id_) else str(id_)


def _is_whole(text: str) -> bool:
    return text.lstrip("-").isdecimal()
