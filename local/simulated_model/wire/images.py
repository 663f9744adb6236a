"""Checks an image as the service does: its format, its size, its width and height."""

import hashlib
import struct
from typing import NamedTuple

from local.simulated_model.errors import (
    IMAGE_TOO_LARGE,
    INVALID_IMAGE_FORMAT,
    ServiceError,
    invalid_parameters,
    violated,
)

MAX_BYTES = 4 * 1024**2
MAX_S3_BYTES = 15 * 1024**2
MIN_SIDE_PX, MAX_SIDE_PX = 64, 4096
MAX_ASPECT = 20

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
# JPEG's start-of-frame markers, which hold width and height; C4, C8 and CC in this range have other meanings.
START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers that no length follows.
BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})


class Image(NamedTuple):
    """An image's identity, and the error if the service refuses it."""

    content_sha256: bytes
    refusal: ServiceError | None
    size_bytes: int = 0


def inspect(content: bytes, max_bytes: int) -> Image:
    """Check an image of at most `max_bytes`."""
    return Image(hashlib.sha256(content).digest(), _refusal(content, max_bytes), len(content))


def too_large() -> ServiceError:
    """The error for an image with too many bytes or pixels."""
    return ServiceError("ImageTooLargeException", IMAGE_TOO_LARGE)


def _refusal(content: bytes, max_bytes: int) -> ServiceError | None:
    if not content:
        shown = "java.nio.HeapByteBuffer[pos=0 lim=0 cap=0]"
        return violated("image.bytes", shown, "Member must have length greater than or equal to 1")
    if len(content) > max_bytes:
        return too_large()
    sides_px = sides(content)
    if sides_px is None:
        return ServiceError("InvalidImageFormatException", INVALID_IMAGE_FORMAT)
    if max(sides_px) > MAX_SIDE_PX:
        return too_large()
    if min(sides_px) < MIN_SIDE_PX or max(sides_px) > MAX_ASPECT * min(sides_px):
        return invalid_parameters()
    return None


def sides(content: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG or JPEG in pixels. Returns None for other formats."""
    if content.startswith(PNG):
        if len(content) < 24 or content[12:16] != b"IHDR":
            return None
        width, height = struct.unpack(">II", content[16:24])
        return (width, height)
    return _jpeg_sides(content) if content.startswith(JPEG) else None


def _jpeg_sides(content: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker in START_OF_FRAME:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return (width, height)
        if marker == 0xFF:
            at += 1
        elif marker in BARE_MARKERS:
            at += 2
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return None
