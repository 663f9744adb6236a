"""The smallest contents that pass as a JPEG or a PNG of given sides."""

from __future__ import annotations

import struct


def jpeg(width: int = 640, height: int = 480, size: int = 2000, filling: int = 0) -> bytes:
    """A JPEG's start, an application segment before its frame, and `size` bytes in all."""
    segment = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + bytes(9)
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)
    return (b"\xff\xd8" + segment + frame).ljust(size, bytes([filling]))


def png(width: int = 640, height: int = 480) -> bytes:
    """A PNG's start."""
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + bytes(100)
