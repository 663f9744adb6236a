"""The values that every reader returns: labels of images, with or without boxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle: in pixels of the image, or in shares (0 to 1) of its width and height."""

    left: float
    top: float
    width: float
    height: float
    in_pixels: bool

    def beyond(self, size: tuple[int, int] | None) -> bool:
        """Whether the box reaches beyond an image of `size` (width, height in pixels) by more than a pixel's 1/1000.

        Returns False if the box is in pixels and the size is unknown.
        """
        if self.in_pixels and size is None:
            return False
        right, bottom = size if self.in_pixels and size else (1, 1)
        edges = (-self.left, -self.top, self.left + self.width - right, self.top + self.height - bottom)
        return max(edges) > 1e-3 * (1 if self.in_pixels else 1e-3)


@dataclass(frozen=True, slots=True)
class Label:
    """A class that is somewhere on an image (`box`), or on the image as a whole (no box).

    `confidence` is 0 to 100, whatever the file has; 100 in a truth. `is_crowd` marks a group of objects in a truth that
    were not drawn one by one: detections in it are neither right nor wrong.
    """

    name: str
    confidence: float
    box: Box | None = None
    is_crowd: bool = False


@dataclass(frozen=True, slots=True)
class ImageLabels:
    """The labels of one image. `key` is its object key or path; `size` is (width, height) in pixels.

    `milliseconds` is the duration of the request to the model, where the file has it.
    """

    key: str
    labels: tuple[Label, ...]
    size: tuple[int, int] | None = None
    milliseconds: float | None = None


@dataclass(frozen=True)
class DataSet:
    """The labels of several images, with what the file says about the names.

    `classes` are the names of the classes, in the file's order. `image_keys` and `class_names` resolve the ids of a
    COCO data set, as text, and are empty for other formats. `notes` are sentences about odd things that were accepted.
    """

    images: tuple[ImageLabels, ...]
    classes: tuple[str, ...]
    image_keys: Mapping[str, str] = field(default_factory=dict)
    class_names: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def has_boxes(self) -> bool:
        """Whether any label has a box."""
        return any(label.box for image in self.images for label in image.labels)


def count_at(labels: tuple[Label, ...], threshold: float, name: str | None = None) -> int:
    """How many labels, of class `name` or of all, have a confidence (0 to 100) of at least `threshold`."""
    return sum(label.confidence >= threshold and name in (None, label.name) for label in labels)
