"""Makes the small copy of an image that a page holds."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from iu_tuner.vision.drawing.anomalies import Anomalies, Area
from iu_tuner.vision.drawing.picture import PictureError, jpeg_data, open_picture
from iu_tuner.vision.drawing.plan import ImageWithResult
from iu_tuner.vision.formats.labels import Label

MAX_SIDE = 800  # pixels
QUALITY = 78  # of JPEG: about 100 kB for a photograph


@dataclass(frozen=True)
class Shot:
    """An image of a page, or the sentences that say why it is not there.

    `jpeg` and `mask` (a PNG, transparent where nothing is) are in base64; `size` is that of the whole image, upright.
    """

    name: str
    jpeg: str = ""
    mask: str = ""
    size: tuple[int, int] = (1, 1)
    labels: tuple[Label, ...] = ()
    areas: tuple[Area, ...] = ()
    sentences: tuple[str, ...] = ()


def shot(image_with_result: ImageWithResult, *, is_upright: bool) -> Shot:
    """The small copy of an image with its labels."""
    name, result = image_with_result.image.name, image_with_result.result
    if isinstance(result, str):
        return Shot(name, sentences=(result,))
    try:
        picture = open_picture(image_with_result.image.path, is_upright=is_upright, max_side=MAX_SIDE)
    except PictureError as error:
        return Shot(name, sentences=(str(error),))
    mask, areas = "", result.anomalies.areas if result.anomalies else ()
    sentences: tuple[str, ...] = ()
    if result.anomalies is not None:
        try:
            mask = _mask(result.anomalies, picture.image.size)
        except PictureError as error:
            sentences = (str(error),)
    jpeg = jpeg_data(picture.image, QUALITY)
    return Shot(name, jpeg, mask, picture.size, result.labels, areas, sentences)


def _mask(anomalies: Anomalies, size: tuple[int, int]) -> str:
    if (layer := anomalies.layer(size)) is None:
        return ""
    colours, covered_pixels = layer
    image = Image.new("RGBA", size)
    image.paste(colours, mask=covered_pixels)
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
