"""Draws images one by one, on all cores where there are many."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from iu_tuner.exit_codes import ClientError
from iu_tuner.formats import count
from iu_tuner.vision.drawing.anomalies import Anomalies
from iu_tuner.vision.drawing.painting import Caption, blend_mask, paint
from iu_tuner.vision.drawing.picture import Picture, PictureError, open_picture
from iu_tuner.vision.formats.labels import Label

QUALITY = 90  # of JPEG
FEW = 24  # images: with fewer, starting the processes takes longer than drawing
_AT_ONCE = 512  # images whose labels are in memory
_SUFFIXES: Mapping[str, tuple[str, ...]] = {"JPEG": (".jpg", ".jpeg"), "PNG": (".png",)}


@dataclass(frozen=True)
class Job:
    """An image to draw, or the sentence (`fault`) that says why it can't be.

    `out` is the output without regard to its format; `labels` are those that are shown.
    """

    name: str
    path: Path
    out: Path
    labels: tuple[Label, ...] = ()
    anomalies: Anomalies | None = None
    is_upright: bool = True
    font: str | None = None
    fault: str = ""


@dataclass(frozen=True)
class Drawn:
    """What became of a job: the file that was written, or None; `sentences` are about what is odd with the image."""

    name: str
    out: Path | None
    labels: Counter[str] = field(default_factory=Counter)
    sentences: tuple[str, ...] = ()


def draw(job: Job) -> Drawn:
    """Draw one image and write it, without any metadata of the input."""
    if job.fault:
        return Drawn(job.name, None, sentences=(job.fault,))
    try:
        picture = open_picture(job.path, is_upright=job.is_upright)
        sentences = _painted(picture, job)
        out = written(picture, job.out)
    except PictureError as error:
        return Drawn(job.name, None, sentences=(str(error),))
    except OSError as error:
        return Drawn(job.name, None, sentences=(f"{error.filename or job.out}: {error.strerror or error}",))
    return Drawn(job.name, out, Counter(label.name for label in job.labels), sentences)


def draw_all(jobs: Iterable[Job]) -> Iterator[Drawn]:
    """Draw all, in order: in a process for each core, unless there are few.

    Raises:
        ClientError: the operating system has ended a process, as it does when memory runs out.
    """
    rest = iter(jobs)
    first = list(islice(rest, FEW))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if len(first) < FEW or cores == 1:
        yield from map(draw, first)
        yield from map(draw, rest)
        return
    try:
        with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn")) as pool:
            while first:
                yield from pool.map(draw, first, chunksize=8)
                first = list(islice(rest, _AT_ONCE))
    except BrokenProcessPool:
        raise ClientError("a process that drew images was ended from outside: is there enough memory?") from None


def written(picture: Picture, out: Path) -> Path:
    """Write a picture as PNG, or as JPEG if it was one. Returns the path: `out`, with a suffix if it has another one.

    Colours of a JPEG are as fine as its brightness, so that a thin line in a bright colour stays sharp.
    """
    format_ = "JPEG" if picture.format in ("JPEG", "MPO") else "PNG"
    if not out.name.lower().endswith(_SUFFIXES[format_]):
        out = out.with_name(out.name + _SUFFIXES[format_][0])
    options: dict[str, Any] = {"quality": QUALITY, "subsampling": 0} if format_ == "JPEG" else {"compress_level": 3}
    if picture.profile:
        options["icc_profile"] = picture.profile
    out.parent.mkdir(parents=True, exist_ok=True)
    picture.image.save(out, format_, **options)
    return out


def _painted(picture: Picture, job: Job) -> tuple[str, ...]:
    """Paint on the picture. Returns sentences about what could not be painted."""
    sentences, captions = [], ()
    if job.anomalies is not None and job.labels:
        captions = job.anomalies.captions
        try:
            blend_mask(picture.image, job.anomalies)
        except PictureError as error:
            sentences.append(str(error))
    outside = paint(picture.image, job.labels, [Caption(each, "") for each in captions], job.font)
    if outside:
        sentences.append(f"{count(outside, 'label')} of it {'has its box' if outside == 1 else 'have boxes'} outside")
    return tuple(sentences)
