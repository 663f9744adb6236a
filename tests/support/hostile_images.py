"""Objects that nobody should upload as images, and images that nobody should name so."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

PREFIX = "hostile/"

# Valid names of S3 objects, the last of the greatest length there is.
ODD_NAMES = (
    "with spaces in it.jpg",
    " at both ends ",
    "ünïcödé/日本/🐝.png",
    "plus+plus.jpg",
    "100%.jpg",
    "%2Fescaped%20already.jpg",
    "quotes'\"`.jpg",
    "new\nline\rand\ttab.jpg",
    "one/../up.jpg",
    "./here.jpg",
    "//slashes//.jpg",
    "?query=1&more.jpg",
    "#fragment.jpg",
    "<tag>&amp;.jpg",
    "back\\slash.jpg",
    "no-suffix",
    f"{'long' * 255}.jp"[: 1024 - len(PREFIX)],
)

# Moto's HTTP server finds no route for a key with a line break, ministack's IAM no policy.
ON_ONE_LINE = tuple(name for name in ODD_NAMES if name.isprintable())


def png_of(width: int, height: int) -> bytes:
    """A PNG that says so of itself."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + bytes(200)


def picture_of(kind: str) -> bytes:
    """A valid image."""
    buffer = io.BytesIO()
    Image.effect_noise((200, 200), 60).save(buffer, kind)
    return buffer.getvalue()


def flat_jpeg(width: int, height: int) -> bytes:
    """A valid JPEG of one colour, small whatever its sides."""
    buffer = io.BytesIO()
    Image.new("L", (width, height)).save(buffer, "JPEG")
    return buffer.getvalue()


JPEG = picture_of("JPEG")

# What each is skipped for before anything is sent.
HOPELESS = {
    "zero.jpg": (b"", "it is empty"),
    "gif.jpg": (picture_of("GIF"), "it is GIF, neither JPEG nor PNG: convert it"),
    "heic.jpg": (b"\0\0\0\x18ftypheic" + bytes(90), "it is HEIC, neither JPEG nor PNG: convert it"),
    "page.jpg": (b"<html>403 Forbidden</html>", "it is a web page (HTML) (it starts with '<html>403"),
    "._good.jpg": (b"\0\x05\x16\x07" + bytes(90), "it is a file that macOS keeps beside another one"),
    "20 MB.jpg": (JPEG.ljust(20 * 1024**2, b"\0"), "it has 20,971,520 bytes"),
    "10,000 pixels.png": (png_of(10_000, 10_000), "it has 10000 x 10000 pixels; 64 to 4096 a side are taken"),
    "a line.png": (png_of(4000, 2), "it has 4000 x 2 pixels"),
    "20 megapixels.jpg": (flat_jpeg(5472, 3648), "it has 5472 x 3648 pixels; 64 to 4096 a side are taken"),
    "a stripe.jpg": (flat_jpeg(64, 2000), "it has 64 x 2000 pixels; its sides may be 20:1 at most"),
    "truncated.png": (picture_of("PNG")[:20], "it is cut off"),
    "truncated.jpg": (JPEG[:2], "it is neither JPEG nor PNG"),
    "headless.jpg": (JPEG[:40], "it is cut off"),
}
# What only the model can tell; its refusal is listed. Some readers pass over bytes that belong to nothing, it doesn't.
REFUSED_BY_THE_MODEL = {"stray bytes.jpg": JPEG[:20] + b"stray" + JPEG[20:]}


def mixed_with_good_ones() -> dict[str, bytes]:
    """Some of everything, by name."""
    good = dict.fromkeys(["good.jpg", *ON_ONE_LINE], JPEG)
    hopeless = {name: body for name, (body, _) in HOPELESS.items()}
    return {**good, **hopeless, **REFUSED_BY_THE_MODEL, "cut in half.jpg": JPEG[: len(JPEG) // 2]}
