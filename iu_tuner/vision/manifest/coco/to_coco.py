"""From a manifest with boxes to a COCO data set."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from iu_tuner.exit_codes import UsageError
from iu_tuner.vision.formats.labels import Label
from iu_tuner.vision.formats.manifest import BOXES, boxes_of
from iu_tuner.vision.manifest.addresses import bucket_and_key
from iu_tuner.vision.manifest.attributes import attribute_types
from iu_tuner.vision.manifest.lines import nonblank_lines, parse_line, replace_file


class CocoCounts(NamedTuple):
    """How many images and boxes were written, and how many images without boxes' attribute were left out."""

    images: int
    boxes: int
    left_out: int


class _Image(NamedTuple):
    key: str
    labels: list[Label]
    size: tuple[int, int]
    class_ids: dict[str, int]


def to_coco(source: Path, attribute: str | None, target: Path) -> CocoCounts:
    """Write the boxes of a label attribute, by default of the only one that has boxes.

    `file_name` is the key below the folder that all images have in common. Images and annotations are numbered from 1;
    a class keeps the number that it has in `class-map`, unless another class had it before.

    Raises:
        UsageError: a line is broken, or it is not clear which attribute is meant.
    """
    attribute, folder = _survey(source, attribute)
    images = boxes = left_out = 0
    ids = _ClassIds()
    with replace_file(target) as out, tempfile.TemporaryFile() as annotations:
        out.write(b'{"images": [')
        for image in _images(source, attribute):
            if image is None:
                left_out += 1
                continue
            images += 1
            width, height = image.size
            entry = {"id": images, "file_name": image.key[len(folder) :], "width": width, "height": height}
            _append(out, entry, images == 1)
            for label in image.labels:
                boxes += 1
                class_id = ids.of(label.name, image.class_ids[label.name])
                _append(annotations, _annotation(boxes, images, class_id, label), boxes == 1)
        annotations.seek(0)
        out.write(b'], "annotations": [')
        shutil.copyfileobj(annotations, out)
        out.write(b'], "categories": ' + json.dumps(ids.categories(), ensure_ascii=False).encode() + b"}\n")
    return CocoCounts(images, boxes, left_out)


class _ClassIds:
    """The number of each class in the data set."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}

    def of(self, name: str, preferred_id: int) -> int:
        """The number of a class: `preferred_id`, or where another has it the next free one."""
        if name not in self._ids:
            used_ids = set(self._ids.values())
            self._ids[name] = preferred_id if preferred_id not in used_ids else max(used_ids) + 1
        return self._ids[name]

    def categories(self) -> list[dict[str, Any]]:
        """The classes, sorted by number."""
        return [{"id": id_, "name": name} for name, id_ in sorted(self._ids.items(), key=lambda item: item[1])]


def _survey(source: Path, attribute: str | None) -> tuple[str, str]:
    """The attribute that is meant, and the folder that all keys begin with."""
    attributes: dict[str, None] = {}
    folder: str | None = None
    for _, line, key in _lines(source):
        attributes.update(dict.fromkeys(name for name, kind in attribute_types(line).items() if kind == BOXES))
        folder = key[: key.rfind("/") + 1] if folder is None else folder
        while not key.startswith(folder):
            folder = folder[: folder.rstrip("/").rfind("/") + 1]
    attribute_list = ", ".join(attributes) or "none"
    if attribute is not None and attribute not in attributes:
        raise UsageError(f"{source}: there is no label attribute {attribute} with boxes; it has {attribute_list}")
    if attribute is None and len(attributes) != 1:
        raise UsageError(f"{source}: name a label attribute with boxes, as PATH#ATTRIBUTE; it has {attribute_list}")
    return attribute or next(iter(attributes)), folder or ""


def _images(source: Path, attribute: str) -> Iterator[_Image | None]:
    """Each image; None for one that does not have the attribute."""
    for number, line, key in _lines(source):
        if attribute_types(line).get(attribute) != BOXES:
            yield None
            continue
        try:
            metadata = line[f"{attribute}-metadata"]
            labels, size = boxes_of(attribute, line[attribute], metadata, is_truth=True)
            if size is None:
                raise ValueError(f"{attribute}.image_size takes a width and a height")
            yield _Image(
                key, labels, size, {str(name): int(id_) for id_, name in metadata.get("class-map", {}).items()}
            )
        except ValueError as error:
            raise UsageError(f"{source}: line {number}: {error}") from None


def _lines(source: Path) -> Iterator[tuple[int, dict[str, Any], str]]:
    for number, line_bytes in nonblank_lines(source):
        try:
            line = parse_line(line_bytes)
            address = line.get("source-ref")
            location = bucket_and_key(address)
            key = location[1] if location else address if isinstance(address, str) and "://" not in address else None
            if not key:
                raise ValueError("its source-ref is no s3://bucket/key")
        except ValueError as error:
            raise UsageError(f"{source}: line {number}: {error}") from None
        yield number, line, key


def _annotation(number: int, image: int, class_id: int, label: Label) -> dict[str, Any]:
    box = label.box
    sides = [_shortest(each) for each in (box.left, box.top, box.width, box.height)] if box else []
    area = _shortest(box.width * box.height) if box else 0
    return {"id": number, "image_id": image, "category_id": class_id, "bbox": sides, "area": area, "iscrowd": 0}


def _shortest(number: float) -> float:
    return int(number) if number.is_integer() else number


def _append(file: IO[bytes], entry: dict[str, Any], is_first: bool) -> None:
    file.write((b"" if is_first else b", ") + json.dumps(entry, ensure_ascii=False).encode("utf-8", "surrogatepass"))
