"""HTML of an image with its boxes. gallery.js hides the labels below the threshold."""

from __future__ import annotations

from collections.abc import Callable

from iu_tuner.vision.drawing.colours import colour_of
from iu_tuner.vision.drawing.painting import caption_of, rectangle_of
from iu_tuner.vision.formats.labels import Label
from iu_tuner.vision.gallery.curves import swatch
from iu_tuner.vision.gallery.shots import Shot
from iu_tuner.vision.page.markup import plain, text

IndexOf = Callable[[str], int]


def figure(shot: Shot, index_of: IndexOf) -> str:
    """The image, its mask and boxes, and a caption with the labels of the image as a whole."""
    width, height = shot.size
    by_confidence = sorted(shot.labels, key=lambda label: label.confidence)
    boxes = "".join(_box(label, shot.size, index_of) for label in by_confidence if label.box)
    image_labels = [label for label in shot.labels if not label.box]
    mask = ""
    if shot.mask and image_labels:
        mask = _image(
            shot.mask, "png", shot.size, f'class="mask" {_marks(image_labels[0], index_of, is_counted=False)}'
        )
    areas = "".join(f" {swatch(each.colour) if each.colour else ''}{text(each.caption)}" for each in shot.areas)
    label_captions = "".join(
        f'<span class="whole" {_marks(label, index_of)}>{swatch(colour_of(label.name))}{text(caption_of(label))}'
        f"{areas if label is image_labels[0] else ''}</span>"
        for label in image_labels
    )
    return (
        f'<figure class="shot" data-name="{plain(shot.name)}">'
        f'<svg class="image" viewBox="0 0 {width} {height}" role="img" aria-label="{plain(shot.name)}">'
        f"{_image(shot.jpeg, 'jpeg', shot.size)}{mask}{boxes}</svg>"
        f'<figcaption><b>{text(shot.name)}</b>{label_captions}<span class="counts"></span></figcaption></figure>'
    )


def _box(label: Label, size: tuple[int, int], index_of: IndexOf) -> str:
    rectangle = rectangle_of(label.box, size) if label.box else None
    if rectangle is None:  # the label counts, though its box is outside
        return f"<g {_marks(label, index_of)}></g>"
    left, top, right, bottom = rectangle
    sides = f'x="{left}" y="{top}" width="{right - left + 1}" height="{bottom - top + 1}"'
    is_right, is_high = left > 0.6 * size[0], top < 0.06 * size[1]
    anchor = f'x="{right if is_right else left}" text-anchor="end"' if is_right else f'x="{left}"'
    caption = f'<text {anchor} y="{top}" dy="{"1.05em" if is_high else "-0.35em"}">{plain(caption_of(label))}</text>'
    return (
        f'<g class="box" {_marks(label, index_of)}><rect class="edge" {sides}/>'
        f'<rect {sides} stroke="{colour_of(label.name)}"/>{caption}</g>'
    )


def _marks(label: Label, index_of: IndexOf, *, is_counted: bool = True) -> str:
    """What gallery.js reads: the confidence, with all digits, and the label's number."""
    counted = f' data-label="{index_of(label.name)}"' if is_counted else ""
    return f'data-confidence="{label.confidence!r}"{counted}'


def _image(data: str, kind: str, size: tuple[int, int], marks: str = "") -> str:
    return (
        f'<image {marks} width="{size[0]}" height="{size[1]}" preserveAspectRatio="none" '
        f'href="data:image/{kind};base64,{data}"/>'
    )
