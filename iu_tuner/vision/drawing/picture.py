"""Opens image files of every kind as RGB, upright, as a viewer shows them."""

from __future__ import annotations

import base64
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

from PIL import ExifTags, Image, ImageOps, JpegImagePlugin, PngImagePlugin, UnidentifiedImageError, WebPImagePlugin

MAX_SIDE = 4096  # pixels: the largest side that DetectCustomLabels takes, and the guard against decompression bombs
# An MPO begins as a JPEG. Of MPO, WebP and animated PNG the first picture is taken.
FORMATS = tuple(
    plugin.format
    for plugin in (JpegImagePlugin.JpegImageFile, PngImagePlugin.PngImageFile, WebPImagePlugin.WebPImageFile)
)
_PAPER = (255, 255, 255)  # behind transparent pixels
_BROKEN_EXIF = (SyntaxError, ValueError, OSError, KeyError, TypeError, ZeroDivisionError, struct.error)


class PictureError(Exception):
    """An image can't be read; the message is a sentence without the image's name."""


@dataclass(frozen=True)
class Picture:
    """An RGB image without metadata.

    `size` is (width, height) of the whole image, also where `image` is a smaller copy; `format` is that of the file;
    `profile` is its ICC profile, if that is of RGB.
    """

    image: Image.Image
    size: tuple[int, int]
    format: str
    profile: bytes | None


def open_picture(source: Path | IO[bytes], *, is_upright: bool = True, max_side: int | None = None) -> Picture:
    """Read an image file, or its content, as RGB.

    Args:
        is_upright: turn it as its EXIF orientation says, in a JPEG, PNG or WebP; else it stays as it is stored.
        side: the longest side of a smaller copy, in pixels; None keeps the size.

    Raises:
        PictureError: it is no such image, it is broken, or a side is longer than MAX_SIDE.
    """
    with open_image(source) as image:
        size = image.size
        if max_side is not None:
            image.draft("RGB", (max_side, max_side))
        image.load()
        format_ = image.format or ""
        if is_upright and _turn(image):
            size = size[::-1]
        profile = image.info.get("icc_profile") if image.mode in ("RGB", "RGBA", "P") else None
        rgb_image = _as_rgb(image)
        rgb_image.info = {}
        if max_side is not None:
            rgb_image.thumbnail((max_side, max_side))
        return Picture(rgb_image, size, format_, profile)


def jpeg_data(image: Image.Image, quality: int, subsampling: str = "4:2:0") -> str:
    """The image as JPEG in base64, as a page holds it. With `subsampling` 4:4:4 thin lines keep their colours."""
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return base64.b64encode(buffer.getvalue()).decode()


@contextmanager
def open_image(source: Path | IO[bytes]) -> Iterator[Image.Image]:
    """The image in a file, not yet decoded. Whatever fails inside is raised as PictureError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow, about odd metadata and about sizes, which are checked here
            with Image.open(source, formats=FORMATS) as image:
                if max(image.size) > MAX_SIDE:
                    width, height = image.size
                    raise PictureError(f"it has {width} x {height} pixels; the limit is {MAX_SIDE} x {MAX_SIDE}")
                yield image
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError("it is no JPEG, PNG or WebP image, or its first bytes are broken") from None
    except Image.DecompressionBombError:
        raise PictureError(f"it has more pixels than the limit of {MAX_SIDE} x {MAX_SIDE}") from None
    except Exception as error:  # a broken file makes Pillow raise exceptions of any kind
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise PictureError(f"it can't be read: {reason or type(error).__name__}") from error


def _turn(image: Image.Image) -> bool:
    """Turn the pixels as EXIF says; returns whether that swaps the sides. A broken EXIF block counts as none."""
    swaps_sides = False
    with suppress(*_BROKEN_EXIF):
        swaps_sides = image.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8)
        ImageOps.exif_transpose(image, in_place=True)
    return swaps_sides


def _as_rgb(image: Image.Image) -> Image.Image:
    """The image as RGB: 16 bit are scaled (Pillow would cut them at 255), transparent pixels show the paper."""
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L").convert("RGB")
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        paper = Image.new("RGBA", layer.size, (*_PAPER, 255))
        return Image.alpha_composite(paper, layer).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")
