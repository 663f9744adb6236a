"""Sides are read from the header of a JPEG or PNG, wherever it stands, in a few bounded reads."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field
from typing import Any

import pytest
from PIL import Image

from lambdas.images.image import Fault
from lambdas.images.sides import HEAD_BYTES, MAX_READS, NEXT_BYTES, fault_of_picture
from tests.support.hostile_images import png_of


@dataclass
class File:
    """A file that counts how it is read."""

    content: bytes
    reads: list[tuple[int, int]] = field(default_factory=list)

    def read(self, offset: int, length: int) -> bytes:
        self.reads.append((offset, length))
        return self.content[offset : offset + length]

    def fault(self) -> Fault | None:
        return fault_of_picture(self.read(0, HEAD_BYTES), self.read)


def jpeg(width: int = 5000, height: int = 300, kind: str = "JPEG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, kind, **options)
    return buffer.getvalue()


def with_segments(content: bytes, *segments: bytes) -> bytes:
    """The JPEG with application segments before all others."""
    more = b"".join(b"\xff\xe5" + struct.pack(">H", 2 + len(each)) + each for each in segments)
    return content[:2] + more + content[2:]


def exif_with_thumbnail() -> bytes:
    exif = Image.Exif()
    exif[0x927C] = bytes(60_000)  # a maker's note
    return exif.tobytes()


def arithmetic(content: bytes) -> bytes:
    """The same header as of an image that is coded arithmetically (SOF9)."""
    return content.replace(b"\xff\xc0\x00\x11", b"\xff\xc9\x00\x11", 1)


LARGE = {
    "baseline": jpeg(),
    "progressive": jpeg(progressive=True),
    "grey": jpeg(quality=1),
    "EXIF": jpeg(exif=exif_with_thumbnail()),
    "ICC profile of 600 kB": jpeg(icc_profile=bytes(600_000)),
    "a depth map of 1.2 MB": with_segments(jpeg(), *[bytes(65_533)] * 18),
    "many small segments": with_segments(jpeg(), *[bytes(9)] * 2000),
    "arithmetic": arithmetic(jpeg()),
    "two pictures": jpeg(kind="MPO", save_all=True, append_images=[Image.new("RGB", (64, 64))]),
    "filling before a marker": jpeg()[:2] + b"\xff" * 40_000 + jpeg()[2:],
    "bytes that belong to nothing": jpeg()[:20] + bytes(40_000) + b"\xff\x00" + jpeg()[20:],
}


@pytest.mark.parametrize("name", LARGE)
def test_a_jpeg_tells_its_sides_before_the_model_does(name: str) -> None:
    file = File(LARGE[name])

    fault = file.fault()

    assert fault is not None
    assert fault.reason == "it has 5000 x 300 pixels; 64 to 4096 a side are taken"
    assert len(file.reads) <= MAX_READS
    assert all(length <= NEXT_BYTES for _, length in file.reads)


def test_most_headers_take_one_read() -> None:
    file = File(LARGE["baseline"])

    file.fault()

    assert len(file.reads) == 1


@pytest.mark.parametrize(
    ("width", "height", "said"),
    [
        (64, 64, None),
        (4096, 4096, None),
        (1280, 64, None),
        (4097, 300, "it has 4097 x 300 pixels; 64 to 4096 a side are taken"),
        (63, 300, "it has 63 x 300 pixels; 64 to 4096 a side are taken"),
        (70, 1401, "it has 70 x 1401 pixels; its sides may be 20:1 at most"),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_limits_of_the_service(kind: str, width: int, height: int, said: str | None) -> None:
    fault = File(jpeg(width, height, kind)).fault()

    assert (fault.reason if fault else None) == said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (jpeg()[:150], "it is cut off"),
        (jpeg()[:3], "it is cut off"),
        (jpeg()[:20] + bytes(3_000_000), None),  # more reads than are worth it
        (b"\xff\xd8\xff\xd9", "it has no frame header"),
        (b"\xff\xd8\xff\xda\x00\x08" + bytes(40), "it has no frame header"),
        (png_of(640, 480)[:20], "it is cut off"),
        (png_of(640, 480).replace(b"IHDR", b"tEXt"), "its first chunk is 'tEXt' instead of 'IHDR'"),
        (png_of(640, 480).replace(b"IHDR", b"CgBI"), "it is a PNG in Apple's own format"),
        (jpeg().replace(struct.pack(">HH", 300, 5000), bytes(2) + struct.pack(">H", 500), 1), None),
    ],
)
def test_a_header_without_sides(content: bytes, said: str | None) -> None:
    file = File(content)

    fault = file.fault()

    assert (fault is None) if said is None else (fault is not None and fault.reason.startswith(said))
    assert len(file.reads) <= MAX_READS
