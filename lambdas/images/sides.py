"""Reads width and height of a JPEG or PNG from its header, in a few reads of bounded size."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

from lambdas.images.formats import PNG
from lambdas.images.image import Fault, fault_of_sides

# (offset, length) -> bytes of the file; fewer at its end.
Read = Callable[[int, int], bytes]

HEAD_BYTES = 16 * 1024  # first read: enough to recognize a format, and for most headers
NEXT_BYTES = 64 * 1024  # each further read: the maximum length of a JPEG segment
MAX_READS = 24  # enough for 1.5 MB before the sides, such as an ICC profile and a depth map

_IHDR_END = 33  # signature, length, type, 13 bytes of data, checksum

# Markers of ITU T.81, table B.1. C4, C8 and CC are within the range of start-of-frame markers, but are none.
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
# Markers that no length follows: TEM, RST0 to RST7, SOI.
_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})
_MARKER = re.compile(rb"\xff[^\x00\xff]")

_CUT_OFF_FAULT = Fault("cut off", "it is cut off: upload it again")


class _Window:
    """A file that is read in a bounded number of reads of bounded size."""

    def __init__(self, head: bytes, read: Read) -> None:
        self._start, self._bytes, self._read, self._reads_left = 0, head, read, MAX_READS - 1

    def read_at(self, offset: int, length: int) -> bytes | None:
        """The bytes at an offset; fewer at the end of the file. Returns None if no read is left."""
        begin = offset - self._start
        if begin + length > len(self._bytes):
            if not self._reads_left:
                return None
            self._reads_left -= 1
            self._start, self._bytes, begin = offset, self._read(offset, NEXT_BYTES), 0
        return self._bytes[begin : begin + length]

    def marker_after(self, offset: int) -> int:
        """The offset of the next possible marker at or after `offset`. JPEG readers skip the bytes before it."""
        match = _MARKER.search(self._bytes, offset - self._start)
        return self._start + (match.start() if match else max(len(self._bytes) - 1, offset - self._start + 1))


def fault_of_picture(head: bytes, read: Read) -> Fault | None:
    """The fault of a JPEG or PNG. `head` holds its first HEAD_BYTES, or the whole file if that is shorter.

    Returns None if the service accepts its sides, or if MAX_READS do not reach them: then the model decides.
    """
    sides = sides_of_picture(head, read)
    return sides if sides is None or isinstance(sides, Fault) else fault_of_sides(*sides)


def sides_of_picture(head: bytes, read: Read) -> tuple[int, int] | Fault | None:
    """Width and height of a JPEG or PNG in pixels, as it is stored. Returns a fault if its header is broken.

    Returns None if MAX_READS do not reach the sides. `head` is as in `fault_of_picture`.
    """
    return _sides_of_png(head) if head.startswith(PNG) else _sides_of_jpeg(_Window(head, read))


def _sides_of_png(head: bytes) -> tuple[int, int] | Fault:
    chunk_type = head[12:16]
    if len(head) < _IHDR_END:
        return _CUT_OFF_FAULT
    if chunk_type == b"CgBI":
        return Fault(
            "PNG made for iPhones (CgBI)",
            "it is a PNG in Apple's own format (CgBI), which other programs can't read: save it as an ordinary PNG",
        )
    if chunk_type != b"IHDR":
        return Fault(
            "broken PNG", f"its first chunk is {str(chunk_type)[1:]} instead of 'IHDR': save it again as PNG or JPEG"
        )
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def _sides_of_jpeg(window: _Window) -> tuple[int, int] | Fault | None:
    offset = 2
    while (marker := window.read_at(offset, 9)) is not None:
        if len(marker) < 2:
            return _CUT_OFF_FAULT
        if not _MARKER.match(marker):
            offset = window.marker_after(offset)
        elif marker[1] in _BARE_MARKERS:
            offset += 2
        elif marker[1] in (_START_OF_SCAN, _END_OF_IMAGE):
            return Fault("broken JPEG", "it has no frame header: save it again as JPEG or PNG")
        elif len(marker) < 9:
            return _CUT_OFF_FAULT
        elif marker[1] in _START_OF_FRAME:
            height, width = struct.unpack(">HH", marker[5:9])
            return (width, height) if height else None  # a height of 0 is given later, in its scan
        else:
            offset += 2 + max(2, int.from_bytes(marker[2:4], "big"))
    return None
