"""Rules about the image behind a line, from the size of its file and its first bytes. It needs Pillow."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from typing import Any

from PIL import Image

from iu_tuner.vision.formats.manifest import BOXES
from iu_tuner.vision.manifest.attributes import attribute_types
from iu_tuner.vision.manifest.boxes import Fault

# The guide, "Guidelines and quotas".
MAX_BYTES = 15 * 2**20
MIN_SIDE, MAX_SIDE = 64, 4096
MAX_ASPECT_RATIO = 20
FIRST_BYTES = 2**18  # a JPEG's sides come after its EXIF data and colour profile, of 64 KiB a piece
_ORIENTATION = 0x0112  # the EXIF tag; 5 to 8 turn the image by a quarter
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


def image_faults(line: dict[str, Any], size: int, head: bytes) -> Iterator[Fault]:
    """The faults of an image of `size` bytes that begins with `head`, as the image of `line`."""
    if size > MAX_BYTES:
        yield "ERROR_INVALID_IMAGE", f"the image has {size / 2**20:.1f} MB; takes at most 15"
    if not head.startswith(_SIGNATURES):
        yield "ERROR_INVALID_IMAGE", f"the object is neither JPEG nor PNG: it begins with {head[:8]!r}"
        return
    sides = _sides(head)
    if sides is None:
        yield "ERROR_INVALID_IMAGE", f"the image's sides are not in its first {FIRST_BYTES >> 10} KiB"
        return
    width, height, is_turned = sides
    size_text = f"{width} x {height} pixels"
    if min(width, height) < MIN_SIDE or max(width, height) > MAX_SIDE:
        yield "ERROR_INVALID_IMAGE_DIMENSION", f"the image has {size_text}; a side takes {MIN_SIDE} to {MAX_SIDE}"
    elif max(width, height) > MAX_ASPECT_RATIO * min(width, height):
        yield "ERROR_INVALID_IMAGE", f"the image has {size_text}; one side takes at most 20 times the other"
    for name, stated_size in _sizes(line):
        sentence = f"{name}.image_size says {stated_size[0]} x {stated_size[1]}; the image has {size_text}"
        if is_turned and stated_size == (height, width):
            turned_note = "before its EXIF data turn it: look where its boxes are"
            yield "WARNING_INVALID_IMAGE_DIMENSION", f"{sentence} {turned_note}"
        elif stated_size != (width, height):
            yield "ERROR_INVALID_IMAGE_DIMENSION", sentence


def _sides(head: bytes) -> tuple[int, int, bool] | None:
    """Width and height as they are stored, and whether the EXIF data turn the image by a quarter."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(head), formats=("JPEG", "PNG")) as image:
                return *image.size, image.getexif().get(_ORIENTATION, 1) in range(5, 9)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def _sizes(line: dict[str, Any]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    for name, kind in attribute_types(line).items():
        value = line[name]
        sizes = value.get("image_size") if kind == BOXES and isinstance(value, dict) else None
        if isinstance(sizes, list) and len(sizes) == 1 and isinstance(sizes[0], dict):
            yield name, (sizes[0].get("width"), sizes[0].get("height"))
