"""Finds the image files that a command is given."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from iu_tuner.exit_codes import UsageError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".mpo")


@dataclass(frozen=True)
class ImageFile:
    """An image. `key` finds its result; `name` is its path below the place that was given, and that of the output."""

    key: str
    name: str
    path: Path


def is_image(name: str) -> bool:
    """Whether a path or key names an image; hidden files and folders hold none (`.ipynb_checkpoints`, `._a.jpg`)."""
    parts = PurePosixPath(name).parts
    return name.lower().endswith(SUFFIXES) and not any(part.startswith(".") for part in parts)


def find_images(places: Iterable[Path], without: Path | None = None) -> list[ImageFile]:
    """The image files: those that are given, and those in given folders but for the folder `without`.

    Raises:
        UsageError: nothing is at a place, or there is no image at all.
    """
    found: list[ImageFile] = []
    places = list(places)
    for place in places:
        if place.is_dir():
            found += _in_folder(place, without)
        elif place.exists():
            found.append(ImageFile(place.name, place.name, place))
        else:
            raise UsageError(f"{place}: there is no such file or folder")
    if not found:
        raise UsageError(f"{', '.join(map(str, places))}: there is no image ({', '.join(SUFFIXES)})")
    return found


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Each file below a folder with its path inside, with slashes, in order; follows no link to a folder.

    Raises:
        UsageError: a folder can't be read.
    """
    found = [Path(parent, name) for parent, _, names in os.walk(folder, onerror=_refuse) for name in names]
    regular = (path for path in found if path.is_file() or not path.exists())  # reading a pipe would wait for ever
    yield from sorted((path.relative_to(folder).as_posix(), path) for path in regular)


def _in_folder(folder: Path, without: Path | None) -> Iterator[ImageFile]:
    excluded = without.resolve() if without else None
    for name, path in files_below(folder):
        is_output = excluded is not None and path.resolve().is_relative_to(excluded)
        if is_image(name) and not is_output:
            yield ImageFile(name, name, path)


def _refuse(error: OSError) -> None:
    raise UsageError(f"{error.filename} can't be read: {error.strerror}")
