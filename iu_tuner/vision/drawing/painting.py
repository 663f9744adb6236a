"""Paints labels on an RGB image: boxes with names, a caption strip for the image as a whole, an anomaly mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from iu_tuner.formats import one_line
from iu_tuner.vision.drawing.anomalies import Anomalies
from iu_tuner.vision.drawing.colours import colour_of, rgb, text_colour
from iu_tuner.vision.formats.labels import Box, Label

MASK_SHARE = 0.5  # how much of a masked pixel is the mask's colour, as in the service's own example
STRIP_SHARE = 0.7  # how dark the caption strip is
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Rectangle = tuple[int, int, int, int]


@dataclass(frozen=True)
class Caption:
    """A text of the strip, behind a square of this colour."""

    text: str
    colour: str


def confidence_in_words(confidence: float) -> str:
    """A confidence of 0 to 100 as `99.97 %`; `100.00 %` only if it is 100."""
    return f"{min(confidence, 99.99) if confidence < 100 else confidence:.2f} %"


def caption_of(label: Label) -> str:
    """A label with its confidence: `bee 99.97 %`."""
    return f"{one_line(label.name)} {confidence_in_words(label.confidence)}"


def rectangle_of(box: Box, size: tuple[int, int]) -> Rectangle | None:
    """The first and last column and row of a box: left, top, right, bottom, cut at the edges of an image of `size`.

    Returns None if the box lies outside.
    """
    x_scale, y_scale = (1, 1) if box.in_pixels else size
    left, top = round(box.left * x_scale), round(box.top * y_scale)
    right = max(left, round((box.left + box.width) * x_scale) - 1)
    bottom = max(top, round((box.top + box.height) * y_scale) - 1)
    if right < 0 or bottom < 0 or left >= size[0] or top >= size[1]:
        return None
    return max(left, 0), max(top, 0), min(right, size[0] - 1), min(bottom, size[1] - 1)


def blend_mask(image: Image.Image, anomalies: Anomalies) -> None:
    """Colour the pixels of an anomaly mask. Raises PictureError if the mask can't be decoded."""
    if (layer := anomalies.layer(image.size)) is not None:
        colours, covered_pixels = layer
        image.paste(Image.blend(image, colours, MASK_SHARE), mask=covered_pixels)


def paint(
    image: Image.Image,
    labels: Sequence[Label],
    captions: Sequence[Caption],
    font_file: str | None,
    *,
    with_plates: bool = True,
) -> int:
    """Paint boxes, the most confident on top, and a strip with the labels without a box and other captions.

    Each box has a plate with its label, unless `with_plates` is false. Returns how many boxes lie outside of the image.
    """
    draw = ImageDraw.Draw(image)
    font = _font(max(11, image.height // 45), font_file)
    line_width = max(2, round(image.height / 200))
    by_confidence = sorted((label for label in labels if label.box), key=lambda label: label.confidence)
    label_rectangles = [(label, rectangle_of(label.box, image.size)) for label in by_confidence if label.box]
    for label, rectangle in label_rectangles:
        if rectangle is not None:
            _outline(draw, rectangle, colour_of(label.name), line_width)
    plates: list[Rectangle] = []
    for label, rectangle in reversed(label_rectangles) if with_plates else ():
        if rectangle is not None:
            plate = _plate(caption_of(label), colour_of(label.name), font)
            plates.append(_put_plate(image, rectangle, plate, plates))
    label_captions = [Caption(caption_of(label), colour_of(label.name)) for label in labels if not label.box]
    if strip_captions := [*label_captions, *captions]:
        _strip(image, strip_captions, font)
    return sum(rectangle is None for _, rectangle in label_rectangles)


def check_font(font_file: str) -> None:
    """Raise OSError if Pillow can't read a font file."""
    ImageFont.truetype(font_file, 11)


@lru_cache(maxsize=64)
def _font(size: int, font_file: str | None) -> Font:
    return ImageFont.truetype(font_file, size) if font_file else ImageFont.load_default(size)


@lru_cache(maxsize=1024)
def _extent(text: str, font: Font) -> tuple[int, int, int]:
    """Width and height of a line of this font, and its padding, in pixels."""
    top, bottom = font.getbbox("Ågjy|")[1::2]
    return round(font.getbbox(text)[2]), round(bottom + top), max(2, round(bottom / 6))


def _outline(draw: ImageDraw.ImageDraw, box: Rectangle, colour: str, width: int) -> None:
    """The line of a box, with a thin one in black or white inside, so that it shows on any background."""
    draw.rectangle(box, outline=colour, width=width)
    left, top, right, bottom = box[0] + width, box[1] + width, box[2] - width, box[3] - width
    if right - left > 2 * width and bottom - top > 2 * width:
        draw.rectangle((left, top, right, bottom), outline=text_colour(colour), width=max(1, width // 4))


def _put_plate(image: Image.Image, box: Rectangle, plate: Image.Image, plates: Sequence[Rectangle]) -> Rectangle:
    """Put a plate above a box, or inside or below it where other plates are; moved inside the image."""
    (width, height), (columns, rows) = plate.size, image.size
    tops = [top for top in (box[1] - height, box[1], box[3] + 1) if 0 <= top <= rows - height]
    rectangles = [
        (left, top, left + width - 1, top + height - 1)
        for top in tops or [max(0, min(box[1], rows - height))]
        for left in (max(0, min(box[0], columns - width)), max(0, min(box[2] + 1, columns) - width))
    ]
    rectangle = next((each for each in rectangles if not any(_overlap(each, other) for other in plates)), rectangles[0])
    image.paste(plate, rectangle[:2])
    return rectangle


@lru_cache(maxsize=256)
def _plate(text: str, colour: str, font: Font) -> Image.Image:
    """A text on a plate. Rendering it takes longer than all else with a box, and confidences of two digits recur."""
    width, height, pad = _extent(text, font)
    plate = Image.new("RGB", (width + 2 * pad, height), colour)
    ImageDraw.Draw(plate).text((pad, 0), text, fill=text_colour(colour), font=font)
    return plate


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def _strip(image: Image.Image, captions: Sequence[Caption], font: Font) -> None:
    """A dark strip at the bottom, of half the image at most; what finds no room is counted."""
    lines = _caption_lines(captions, image.size, font)
    height = _extent("", font)[1]
    pad = _extent("", font)[2]
    top = max(0, image.height - len(lines) * height - 2 * pad)
    background = image.crop((0, top, image.width, image.height))
    image.paste(Image.blend(background, Image.new("RGB", background.size, rgb("#000000")), STRIP_SHARE), (0, top))
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        left, text_top = 2 * pad, top + pad + number * height
        for caption in line:
            square = height // 2
            if caption.colour:
                square_place = (left, text_top + square // 2, left + square, text_top + square // 2 + square)
                draw.rectangle(square_place, fill=caption.colour, outline="#ffffff")
                left += square + 2 * pad
            draw.text((left, text_top), caption.text, fill="#ffffff", font=font)
            left += _extent(caption.text, font)[0] + 4 * pad


def _caption_lines(captions: Sequence[Caption], size: tuple[int, int], font: Font) -> list[list[Caption]]:
    """The captions in lines as wide as the image."""
    _, height, pad = _extent("", font)
    lines: list[list[Caption]] = []
    free_width, max_lines = 0, max(1, size[1] // 2 // height)
    for number, caption in enumerate(captions):
        caption_width = height // 2 + 6 * pad + _extent(caption.text, font)[0]
        if not lines or caption_width > free_width:
            if len(lines) == max_lines:
                return [*lines[:-1], [Caption(f"{len(captions) - number + len(lines[-1])} more", "")]]
            lines.append([])
            free_width = size[0] - 2 * pad
        lines[-1].append(caption)
        free_width -= caption_width
    return lines
