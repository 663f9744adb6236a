"""COCO: a data set as truth; a results list, or a data set with scores, as predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from iu_tuner.contract.input_errors import quoted
from iu_tuner.exit_codes import UsageError
from iu_tuner.vision.formats.files import Faults, box_of, confidence_of, is_number, read_json, size_of
from iu_tuner.vision.formats.labels import DataSet, ImageLabels, Label

Namer = Callable[[Any], str]
Sizes = dict[str, tuple[int, int] | None]


def read_coco(path: Path) -> DataSet:
    """Read a COCO data set as truth. Images are sorted by id, as pycocotools does, which decides ties.

    Raises:
        UsageError: a sentence for each fault.
    """
    raw, faults = read_json(path), Faults(path)
    if not isinstance(raw, dict):
        raise UsageError(f"{path}: a COCO data set takes an object with images, annotations and categories")
    for name in ("images", "annotations", "categories"):
        if not isinstance(raw.get(name), list):
            faults.add(name, "a COCO data set takes a list of this name")
    faults.refuse()
    keys, sizes = _images(raw["images"], faults)
    names = _names(raw["categories"], "categories", faults)
    labels = _labels(
        raw["annotations"],
        "annotations",
        _known(keys, "image_id {} is none of its images"),
        _known(names, "category_id {} is none of its categories"),
        False,
        faults,
    )
    faults.refuse()
    images = (ImageLabels(key, tuple(labels.get(key, ())), sizes[key]) for key in keys.values())
    return DataSet(tuple(images), tuple(dict.fromkeys(names.values())), keys, names)


def read_coco_predictions(path: Path, truth: DataSet) -> list[ImageLabels]:
    """Read predictions: a results list, or a data set whose annotations have a `score` (0 to 1).

    Images and classes are named by the data set where it names them, else by the ids of `truth`. An image id that
    neither has stays as it is; a class id becomes `class <id>`.

    Raises:
        UsageError: a sentence for each fault; or the truth has no ids and the predictions no names.
    """
    raw, faults = read_json(path), Faults(path)
    listed = raw.get("annotations") if isinstance(raw, dict) else raw
    if not isinstance(listed, list):
        raise UsageError(f"{path}: COCO predictions take a list of results, or a data set with annotations")
    own = raw if isinstance(raw, dict) else {}
    keys: Mapping[str, str] = {}
    names: Mapping[str, str] = {}
    if _all_have(own.get("images"), "file_name") and _is_named(truth.image_keys):
        keys, _ = _images(own["images"], faults)
    if _all_have(own.get("categories"), "name"):
        names = _names(own["categories"], "categories", faults)
    if listed and not (keys or truth.image_keys):
        raise UsageError(
            f"{path}: it names images by id, and the truth has no ids: give a COCO truth, or another format"
        )
    of_image, of_class = keys or truth.image_keys, names or truth.class_names
    labels = _labels(
        listed,
        "annotations" if own else "results",
        lambda id_: of_image.get(_text(id_), _text(id_)),
        lambda id_: of_class.get(_text(id_), f"class {_text(id_)}"),
        True,
        faults,
    )
    faults.refuse()
    return [ImageLabels(key, tuple(labels.get(key, ()))) for key in dict.fromkeys([*keys.values(), *labels])]


def _images(listed: list[Any], faults: Faults) -> tuple[dict[str, str], Sizes]:
    """The key of each image by its id, sorted by id; and the sizes by key."""
    keys: dict[str, str] = {}
    sizes: Sizes = {}
    for number, image in enumerate(listed):
        place = f"images[{number}]"
        if not isinstance(image, dict) or not _is_id(image.get("id")):
            faults.add(place, f"an image takes an id, a number or a text; got {quoted(image)}")
            continue
        id_, name = _text(image["id"]), image.get("file_name")
        key = name if isinstance(name, str) and name else id_
        if id_ in keys:
            faults.add(place, f"the id {id_} is there twice")
        elif key in sizes:
            faults.add(place, f"the file name {key} is there twice")
        keys[id_], sizes[key] = key, size_of(image.get("width"), image.get("height"))
    as_numbers = all(map(_is_whole, keys))
    return dict(sorted(keys.items(), key=lambda item: (int(item[0]) if as_numbers else 0, item[0]))), sizes


def _names(listed: list[Any], field: str, faults: Faults) -> dict[str, str]:
    """The name of each class by its id."""
    names: dict[str, str] = {}
    for number, category in enumerate(listed):
        place = f"{field}[{number}]"
        if not isinstance(category, dict) or not _is_id(category.get("id")):
            faults.add(place, f"a category takes an id, a number or a text; got {quoted(category)}")
            continue
        id_, name = _text(category["id"]), category.get("name")
        name = name if isinstance(name, str) and name else f"class {id_}"
        if id_ in names or name in names.values():
            faults.add(place, f"the id {id_} or the name {name} is there twice")
        names[id_] = name
    return names


def _labels(
    listed: list[Any], field: str, image_of: Namer, class_of: Namer, has_score: bool, faults: Faults
) -> dict[str, list[Label]]:
    found: dict[str, list[Label]] = {}
    image_of, class_of = (
        cache(partial(_resolved, *each)) for each in (("image_id", image_of), ("category_id", class_of))
    )
    for number, each in enumerate(listed):
        try:
            if not isinstance(each, dict):
                raise ValueError(f"takes an object; got {quoted(each)}")
            box = box_of(each.get("bbox"), in_pixels=True)
            confidence = confidence_of(each.get("score"), 1, "score") if has_score else 100.0
            is_crowd = not has_score and bool(each.get("iscrowd"))
            label = Label(class_of(_typed(each.get("category_id"))), confidence, box, is_crowd)
            found.setdefault(image_of(_typed(each.get("image_id"))), []).append(label)
        except ValueError as error:
            faults.add(f"{field}[{number}]", str(error))
    return found


def _typed(id_: Any) -> Any:
    """An id that can be remembered: true is not the number 1, and a list is no id."""
    return id_ if _is_id(id_) else f"\0{quoted(id_)}"


def _resolved(field: str, name_of: Namer, id_: Any) -> str:
    if isinstance(id_, str) and id_.startswith("\0"):
        raise ValueError(f"{field} takes a number or a text; got {id_[1:]}")
    return name_of(id_)


def _known(names: Mapping[str, str], otherwise: str) -> Namer:
    def find(id_: Any) -> str:
        if (text := _text(id_)) not in names:
            raise ValueError(otherwise.format(text))
        return names[text]

    return find


def _is_named(keys: Mapping[str, str]) -> bool:
    """Whether the truth names its images, or has no ids at all: then files are matched by name."""
    return not keys or any(key != id_ for id_, key in keys.items())


def _all_have(listed: Any, field: str) -> bool:
    return isinstance(listed, list) and bool(listed) and all(isinstance(x, dict) and x.get(field) for x in listed)


def _is_id(value: Any) -> bool:
    return is_number(value) or (isinstance(value, str) and bool(value))


def _text(id_: Any) -> str:
    """An id of any type as text: 2299, 2299.0 and "2299" are one id."""
    return str(int(id_)) if isinstance(id_, float) and id_ == int(id_) else str(id_)


def _is_whole(text: str) -> bool:
    return text.lstrip("-").isdecimal()
