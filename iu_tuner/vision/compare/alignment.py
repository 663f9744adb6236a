"""Truth and predictions as arrays over the same images and classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from iu_tuner.exit_codes import UsageError
from iu_tuner.formats import count
from iu_tuner.vision.formats.labels import Box, DataSet, ImageLabels, Label

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
MAX_NAMED = 5  # images that one sentence names
# The box of a label of a whole image: equal classes then have an IoU of 1.
WHOLE_IMAGE = Box(0.0, 0.0, 1.0, 1.0, in_pixels=True)
OPPOSITES = {"anomaly": "normal", "normal": "anomaly"}


@dataclass(frozen=True)
class Boxes:
    """Boxes of all images, sorted by image. `box` is (N, 4): left, top, width, height in pixels.

    `score` is a confidence of 0 to 100; boxes of one image are sorted by it, the highest first. Those of a truth have
    100, and may be crowds.
    """

    image: Ints
    klass: Ints
    box: Floats
    score: Floats
    crowd: Bools
    starts: Ints
    """where each image begins, and the number of boxes: (images + 1)"""

    def of(self, image: int) -> slice:
        """The boxes of an image."""
        return slice(int(self.starts[image]), int(self.starts[image + 1]))


@dataclass(frozen=True)
class AlignedPredictions:
    """A model's predictions in the order of the truth's images, with what was left out or missing."""

    images: tuple[ImageLabels, ...]
    without_predictions: int
    left_out: int


def align(
    name: str, truth: DataSet, predictions: DataSet, *, missing_as_empty: bool, ignore_others: bool
) -> AlignedPredictions:
    """Match images by key, else by file name.

    Raises:
        UsageError: a file name is there twice; a prediction's image is not in the truth (unless `ignore_others`); an
            image has no predictions (unless `missing_as_empty`).
    """
    by_key = {image.key: image for image in predictions.images}
    matching = {image.key: by_key.pop(image.key) for image in truth.images if image.key in by_key}
    by_name = _by_file_name(name, "the predictions have", by_key)
    unmatched_names = _by_file_name(
        name, "the truth has", (i.key for i in truth.images if i.key not in matching), by_name
    )
    for file_name, key in unmatched_names.items():
        if file_name in by_name:
            matching[key] = by_key.pop(by_name[file_name])
    if by_key and not ignore_others:
        raise UsageError(
            f"{name}: {_image_names(by_key)} {_is_or_are(by_key)} not in the truth; "
            "--ignore-other-images leaves such images out"
        )
    missing = [image.key for image in truth.images if image.key not in matching]
    if missing and not missing_as_empty:
        raise UsageError(
            f"{name}: {_image_names(missing)} {'has' if len(missing) == 1 else 'have'} no predictions; "
            "--missing-as-empty takes them as images on which the model found nothing"
        )
    images = (matching.get(image.key, ImageLabels(image.key, ())) for image in truth.images)
    return AlignedPredictions(tuple(images), len(missing), len(by_key))


def to_boxes(
    name: str, images: Sequence[ImageLabels], truth: DataSet, classes: Mapping[str, int], *, with_boxes: bool
) -> Boxes:
    """The labels of `images`, which are in the truth's order, as arrays. Shares become pixels of the truth's size.

    Of predictions without boxes, an anomaly's verdict becomes two labels.

    Raises:
        UsageError: a label has no box where the truth has boxes, or the reverse; or shares meet an unknown size.
    """
    rows: list[tuple[int, int, float, float, float, float, float, bool]] = []
    for index, (image, true_image) in enumerate(zip(images, truth.images, strict=True)):
        labels = image.labels if with_boxes or image is true_image else _with_opposites(image.labels, classes)
        for label in sorted(labels, key=lambda each: -each.confidence):
            if (label.box is None) == with_boxes:
                raise UsageError(f"{name}: {image.key}: {_box_mismatch(with_boxes)}")
            left, top, width, height = _pixels(name, label.box or WHOLE_IMAGE, true_image)
            rows.append((index, classes[label.name], left, top, width, height, label.confidence, label.is_crowd))
    table = np.array(rows, dtype=float).reshape(-1, 8)
    image_index = table[:, 0].astype(np.int64)
    return Boxes(
        image=image_index,
        klass=table[:, 1].astype(np.int64),
        box=np.ascontiguousarray(table[:, 2:6]),
        score=table[:, 6],
        crowd=table[:, 7] > 0,
        starts=np.searchsorted(image_index, np.arange(len(images) + 1)),
    )


def _pixels(name: str, box: Box, true_image: ImageLabels) -> tuple[float, float, float, float]:
    """A box in pixels. Rounded to 6 decimals: whole pixels come back exactly from shares of a width and a height."""
    if box.in_pixels:
        return box.left, box.top, box.width, box.height
    if true_image.size is None:
        raise UsageError(
            f"{name}: {true_image.key}: its boxes are shares of the image, and the truth has no width and height"
        )
    width, height = true_image.size
    scaled = (box.left * width, box.top * height, box.width * width, box.height * height)
    left, top, pixel_width, pixel_height = (round(number, 6) for number in scaled)
    return left, top, pixel_width, pixel_height


def _with_opposites(labels: Iterable[Label], classes: Mapping[str, int]) -> list[Label]:
    """An anomaly's verdict says of both classes how sure it is: `normal` with 99 is `anomaly` with 1."""
    all_labels = list(labels)
    for label in tuple(all_labels):
        opposite = OPPOSITES.get(label.name, "")
        if opposite in classes and not any(each.name == opposite for each in all_labels):
            all_labels.append(Label(opposite, round(100 - label.confidence, 10)))
    return all_labels


def _by_file_name(
    name: str, subject: str, keys: Iterable[str], relevant_names: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The key of each file name. Raises UsageError for a name that two keys have (and `relevant_names`, if given)."""
    key_by_name: dict[str, str] = {}
    for key in keys:
        file_name = PurePosixPath(key).name
        if file_name in key_by_name and (relevant_names is None or file_name in relevant_names):
            raise UsageError(
                f"{name}: {subject} the file name {file_name} twice, as {key_by_name[file_name]} and {key}"
            )
        key_by_name[file_name] = key
    return key_by_name


def _box_mismatch(with_boxes: bool) -> str:
    if with_boxes:
        return "a label has no box, and the truth has boxes"
    return "a label has a box, and the truth has labels of whole images"


def _image_names(keys: Iterable[str]) -> str:
    names = list(keys)
    if len(names) == 1:
        return f"the image {names[0]}"
    others = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"{count(len(names), 'image')} ({', '.join(names[:MAX_NAMED])}{others})"


def _is_or_are(keys: Mapping[str, object]) -> str:
    return "is" if len(keys) == 1 else "are"
