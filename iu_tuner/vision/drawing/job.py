"""Draws the labels of one image and writes the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from iu_tuner.formats import count
from iu_tuner.vision.drawing.anomalies import Anomalies
from iu_tuner.vision.drawing.painting import Caption, blend_mask, paint
from iu_tuner.vision.drawing.picture import Picture, PictureError, open_picture
from iu_tuner.vision.formats.labels import Label

QUALITY = 90  # of JPEG
FINE_BELOW = 800  # rows: a JPEG of fewer has thin lines, which stay sharp only if its colours are not halved in size
_SUFFIXES: Mapping[str, tuple[str, ...]] = {"JPEG": (".jpg", ".jpeg"), "PNG": (".png",)}


@dataclass(frozen=True)
class Job:
    """An image to draw, or the sentence (`error`) that says why it can't be.

    `out` is the output without regard to its format; `labels` are those that are shown.
    """

    name: str
    path: Path
    out: Path
    labels: tuple[Label, ...] = ()
    anomalies: Anomalies | None = None
    is_upright: bool = True
    font: str | None = None
    error: str = ""


@dataclass(frozen=True)
class DrawnImage:
    """What became of a job: the file that was written, or None; `sentences` are about what is odd with the image."""

    name: str
    out: Path | None
    labels: Counter[str] = field(default_factory=Counter)
    sentences: tuple[str, ...] = ()


def draw(job: Job) -> DrawnImage:
    """Draw one image and write it, without any metadata of the input."""
    if job.error:
        return DrawnImage(job.name, None, sentences=(job.error,))
    try:
        picture = open_picture(job.path, is_upright=job.is_upright)
        sentences = _paint(picture, job)
        out = write_picture(picture, job.out)
    except PictureError as error:
        return DrawnImage(job.name, None, sentences=(str(error),))
    except OSError as error:
        return DrawnImage(job.name, None, sentences=(f"{error.filename or job.out}: {error.strerror or error}",))
    return DrawnImage(job.name, out, Counter(label.name for label in job.labels), sentences)


def write_picture(picture: Picture, out: Path) -> Path:
    """Write a picture as PNG, or as JPEG if it was one. Returns the path: `out`, or with a suffix added."""
    format_ = "JPEG" if picture.format in ("JPEG", "MPO") else "PNG"
    if not out.name.lower().endswith(_SUFFIXES[format_]):
        out = out.with_name(out.name + _SUFFIXES[format_][0])
    options: dict[str, Any] = {"compress_level": 3}
    if format_ == "JPEG":
        options = {"quality": QUALITY, "subsampling": "4:4:4" if picture.image.height < FINE_BELOW else "4:2:0"}
    if picture.profile:
        options["icc_profile"] = picture.profile
    out.parent.mkdir(parents=True, exist_ok=True)
    picture.image.save(out, format_, **options)
    return out


def _paint(picture: Picture, job: Job) -> tuple[str, ...]:
    """Paint on the picture. Returns sentences about what could not be painted."""
    sentences: list[str] = []
    captions: list[Caption] = []
    if job.anomalies is not None and job.labels:
        captions = [Caption(area.caption, area.colour) for area in job.anomalies.areas]
        try:
            blend_mask(picture.image, job.anomalies)
        except PictureError as error:
            sentences.append(str(error))
    outside_boxes = paint(picture.image, job.labels, captions, job.font)
    if outside_boxes:
        sentences.append(
            f"{count(outside_boxes, 'label')} of it {'has its box' if outside_boxes == 1 else 'have boxes'} outside"
        )
    return tuple(sentences)
