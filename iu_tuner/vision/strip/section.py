"""The strip as a section of a report's page: small copies of images with their boxes, and captions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO

from iu_tuner.formats import count, one_line
from iu_tuner.vision.drawing.colours import colour_of
from iu_tuner.vision.drawing.painting import caption_of, confidence_in_words, paint
from iu_tuner.vision.drawing.picture import PictureError, jpeg_data, open_picture
from iu_tuner.vision.formats.labels import Label
from iu_tuner.vision.page.markup import plain, text
from iu_tuner.vision.strip.choice import IMAGES, ProcessedImage

SIDE = 320  # pixels of the longer side
MAX_CHARACTERS = 294_000 // IMAGES  # of an image in base64, so that all of them stay below 300 kB
QUALITIES = (82, 65, 45, 25)  # of JPEG: the first one with which an image is small enough
MAX_NAMES = 3  # labels in a caption
MAX_PLATES = 5  # boxes of an image that have their label beside them: more plates would hide the image
# Where the strip goes: before the charts of a page, else at its end.
_MARKERS = ('<div class="pictures">', "</main>")


@dataclass(frozen=True)
class Thumbnail:
    """A small copy of an image with its boxes: JPEG in base64, and its size in pixels."""

    image: ProcessedImage
    data: str
    size: tuple[int, int]


def thumbnail(image: ProcessedImage, content: bytes) -> Thumbnail | None:
    """The small copy of an image file. Returns None if it can't be read."""
    try:
        small_image = open_picture(BytesIO(content), max_side=SIDE).image
    except PictureError:
        return None
    paint(small_image, image.labels, (), None, with_plates=_boxes(image) <= MAX_PLATES)
    for quality in QUALITIES:
        data = jpeg_data(small_image, quality, "4:4:4")
        if len(data) <= MAX_CHARACTERS:
            break
    return Thumbnail(image, data, small_image.size)


def with_strip(page: str, thumbnails: Sequence[Thumbnail], results: int) -> str:
    """The page with a section of these images, of `results` that the batch has; without images the page as it is."""
    marker = next((each for each in _MARKERS if each in page), None)
    if marker is None or not thumbnails:
        return page
    items = "\n".join(map(_item, thumbnails))
    shown_text = "1 of them is" if len(thumbnails) == 1 else f"{len(thumbnails)} of them are"
    section = (
        f'<section class="picture" id="strip"><h2>What the model found</h2>'
        f"<p>The batch has {count(results, 'result')}. {shown_text} shown, spread over labels and confidences, "
        f'with all labels that were kept.</p>\n<ul class="strip">\n{items}\n</ul></section>\n'
    )
    return page.replace(marker, section + marker, 1)


def _item(thumbnail: Thumbnail) -> str:
    image, (width, height) = thumbnail.image, thumbnail.size
    boxes = _boxes(image)
    boxes_text = "1 box" if boxes == 1 else f"{boxes or 'no'} boxes"
    return (
        f'<li><figure><img src="data:image/jpeg;base64,{thumbnail.data}" width="{width}" height="{height}" '
        f'alt="{plain(image.key)} with {boxes_text}"><figcaption><b>{text(image.key)}</b> '
        f"{caption(image.labels)}</figcaption></figure></li>"
    )


def _boxes(image: ProcessedImage) -> int:
    return sum(label.box is not None for label in image.labels)


def caption(labels: Iterable[Label]) -> str:
    """The labels as HTML, the most frequent first: `bee 99.97 %`, or `12 bee, 51.20 % to 99.97 %`, with its colour."""
    by_name: dict[str, list[Label]] = defaultdict(list)
    for label in labels:
        by_name[label.name].append(label)
    by_frequency = sorted(by_name.values(), key=len, reverse=True)
    parts = [f"{_swatch(each[0].name)} {escape(_label_text(each))}" for each in by_frequency[:MAX_NAMES]]
    if len(by_frequency) > MAX_NAMES:
        parts.append(f"and {count(len(by_frequency) - MAX_NAMES, 'more label')}")
    return "; ".join(parts).replace(" %", "&nbsp;%") or "no label"


def _swatch(name: str) -> str:
    return (
        f'<svg viewBox="0 0 8 8" width="8" height="8" aria-hidden="true"><rect width="8" height="8" '
        f'fill="{colour_of(name)}"/></svg>'
    )


def _label_text(labels: Sequence[Label]) -> str:
    if len(labels) == 1:
        return caption_of(labels[0])
    confidences = [label.confidence for label in labels]
    lowest, highest = confidence_in_words(min(confidences)), confidence_in_words(max(confidences))
    return f"{len(labels):,} {one_line(labels[0].name)}, {lowest} to {highest}"
