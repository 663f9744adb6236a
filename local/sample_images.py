"""Synthetic sample images for demos and tests, with the sizes of photographs (100 kB to 1 MB)."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageDraw, ImageFilter

# (pixels on the longer side, JPEG quality) for about 100 kB, 200 kB, 400 kB and 900 kB.
_SHAPES = ((960, 84), (1024, 88), (1600, 86), (2200, 90))


def sample_images(count: int = 8) -> dict[str, bytes]:
    """Sample images: file name -> JPEG bytes."""
    return {f"bees-{index + 1:02}.jpg": _picture(index, *_SHAPES[index % len(_SHAPES)]) for index in range(count)}


def noise_png(size_bytes: int) -> bytes:
    """A PNG of about `size_bytes`: noise with three bytes per pixel, which hardly compresses."""
    side = round((size_bytes / 3) ** 0.5)
    png = io.BytesIO()
    Image.merge("RGB", [Image.effect_noise((side, side), 100) for _ in range(3)]).save(png, "PNG")
    return png.getvalue()


def _picture(seed: int, width: int, quality: int) -> bytes:
    """A JPEG of a blurred meadow with some bees and the noise of a camera's sensor."""
    chance = random.Random(seed)
    height = width * 3 // 4
    picture = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    picture = Image.blend(picture, Image.new("RGB", picture.size, (90, 140, 60)), 0.6)
    draw = ImageDraw.Draw(picture)
    for _ in range(120):
        _blob(draw, chance, width, height, size=width // 12, colour=_petal(chance))
    picture = picture.filter(ImageFilter.GaussianBlur(width / 90))
    draw = ImageDraw.Draw(picture)
    for _ in range(chance.randint(3, 15)):
        _bee(draw, chance, width, height)
    grain = Image.effect_noise((width, height), 28).convert("RGB")
    jpeg = io.BytesIO()
    Image.blend(picture, grain, 0.16).save(jpeg, "JPEG", quality=quality)
    return jpeg.getvalue()


def _petal(chance: random.Random) -> tuple[int, int, int]:
    return chance.choice([(230, 200, 60), (200, 90, 160), (240, 240, 235), (110, 160, 70)])


def _blob(
    draw: ImageDraw.ImageDraw,
    chance: random.Random,
    width: int,
    height: int,
    *,
    size: int,
    colour: tuple[int, int, int],
) -> None:
    x, y, r = chance.randrange(width), chance.randrange(height), chance.randint(size // 4, size)
    draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)


def _bee(draw: ImageDraw.ImageDraw, chance: random.Random, width: int, height: int) -> None:
    length = width // 28
    x, y = chance.randrange(width), chance.randrange(height)
    draw.ellipse((x - length, y - length // 2, x + length, y + length // 2), fill=(205, 150, 40))
    for stripe in range(-1, 2):
        left = x + stripe * length // 2
        draw.rectangle((left, y - length // 3, left + length // 6, y + length // 3), fill=(45, 35, 25))
