"""The variants of an image comparison: all images sent as bytes or named in S3, or the images of one size class."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from statistics import fmean

from iu_tuner.contract.choices import Source
from lambdas.images.image import MAX_BYTES, Image
from lambdas.load.step import Series
from lambdas.runs.run import Run

SOURCES: tuple[Source, ...] = ("bytes", "s3")
SIZES: tuple[Series, ...] = ("small", "medium", "large")
MIN_SIZE_RATIO = 1.1  # two size classes whose mean sizes differ by a smaller factor are one class


def source_of(run: Run, series: Series) -> Source:
    """How the images of a series are sent: as bytes, or by their names in S3."""
    return "bytes" if series == "bytes" else "s3" if series == "s3" else run.source


def images_of(run: Run, series: Series, refused: Collection[str]) -> tuple[Image, ...]:
    """The images of a series without those that the model refused (`refused` holds their keys).

    Bytes and S3 are compared with the images that are small enough for both.
    """
    used_images = tuple(image for image in run.images if image.key not in refused)
    if series in SOURCES:
        return tuple(image for image in used_images if image.bytes <= min(MAX_BYTES.values()))
    return size_classes(used_images).get(series, ()) if series in SIZES else used_images


def size_classes(images: Sequence[Image]) -> dict[Series, tuple[Image, ...]]:
    """The images in up to three classes by size; thirds of about the same size are joined. Empty if all are alike."""
    ordered = sorted(images, key=lambda image: (image.bytes, image.key))
    thirds = [ordered[len(ordered) * part // 3 : len(ordered) * (part + 1) // 3] for part in range(3)]
    classes: list[list[Image]] = []
    for third in filter(None, thirds):
        if classes and average_bytes(third) < MIN_SIZE_RATIO * average_bytes(classes[-1]):
            classes[-1].extend(third)
        else:
            classes.append(third)
    if len(classes) < 2:
        return {}
    names = SIZES if len(classes) == 3 else (SIZES[0], SIZES[-1])
    return {name: tuple(each) for name, each in zip(names, classes, strict=True)}


def average_bytes(images: Sequence[Image]) -> float:
    """The mean size of the images in bytes."""
    return fmean(image.bytes for image in images)
