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


def find_images(paths: Iterable[Path], excluded_folder: Path | None = None) -> list[ImageFile]:
    """The image files: those that are given, and those in given folders but for the folder `excluded_folder`.

    Raises:
        UsageError: nothing is at a place, or there is no image at all.
    """
    images: list[ImageFile] = []
    paths = list(paths)
    for path in paths:
        if path.is_dir():
            images += _in_folder(path, excluded_folder)
        elif path.exists():
            images.append(ImageFile(path.name, path.name, path))
        else:
            raise UsageError(f"{path}: there is no such file or folder")
    if not images:
        raise UsageError(f"{', '.join(map(str, paths))}: there is no image ({', '.join(SUFFIXES)})")
    return images


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Each file below a folder with its path inside, with slashes, in order; follows no link to a folder.

    Raises:
        UsageError: a folder can't be read.
    """
    paths = [Path(parent, name) for parent, _, names in os.walk(folder, onerror=_refuse) for name in names]
    readable = (path for path in paths if path.is_file() or not path.exists())  # reading a pipe would wait for ever
    yield from sorted((path.relative_to(folder).as_posix(), path) for path in readable)


def _in_folder(folder: Path, excluded_folder: Path | None) -> Iterator[ImageFile]:
    excluded_path = excluded_folder.resolve() if excluded_folder else None
    for name, path in files_below(folder):
        is_output = excluded_path is not None and path.resolve().is_relative_to(excluded_path)
        if is_image(name) and not is_output:
            yield ImageFile(name, name, path)


def _refuse(error: OSError) -> None:
    raise UsageError(f"{error.filename} can't be read: {error.strerror}")
