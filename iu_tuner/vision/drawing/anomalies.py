"""The anomalies that Lookout for Vision saw: their areas, and the mask that shows where they are."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from iu_tuner.contract.input_errors import quoted
from iu_tuner.formats import one_line, percent
from iu_tuner.vision.drawing.colours import Rgb, rgb
from iu_tuner.vision.drawing.picture import PictureError, open_image
from iu_tuner.vision.formats.files import is_number

_BACKGROUND = "background"
_WHITE = (255, 255, 255)  # the background's colour where the answer has none, by the service's guide


@dataclass(frozen=True)
class Area:
    """A kind of anomaly: its share (0 to 1) of the image, and its colour (`#rrggbb`) in the mask, empty if unknown."""

    name: str
    share: float
    colour: str

    @property
    def caption(self) -> str:
        """Like `cracked 1.81 %`."""
        return f"{one_line(self.name)} {percent(self.share)}"


@dataclass(frozen=True)
class Anomalies:
    """`areas` are the kinds that the image has; `mask` is a PNG, its bytes or in base64, or None."""

    areas: tuple[Area, ...]
    background: Rgb
    mask: bytes | str | None

    def layer(self, size: tuple[int, int]) -> tuple[Image.Image, Image.Image] | None:
        """The mask's colours, and which pixels they cover (mode `1`), at the size of the image; None without a mask.

        A pixel is covered if it is wholly opaque and has another colour than the background. Published masks have
        shades of alpha at the edges, and a colour without meaning where they are transparent.

        Raises:
            PictureError: the mask can't be decoded.
        """
        if self.mask is None:
            return None
        try:
            data = base64.b64decode(self.mask, validate=True) if isinstance(self.mask, str) else self.mask
        except ValueError as error:
            raise PictureError(f"its anomaly mask can't be decoded: {error}") from None
        try:
            with open_image(BytesIO(data)) as image:
                mask = image.convert("RGBA")
        except PictureError as error:
            raise PictureError(f"its anomaly mask can't be decoded: {error}") from None
        opaque = mask.getchannel("A").point(lambda alpha: 255 * (alpha == 255))
        colours = mask.convert("RGB")
        difference = ImageChops.difference(colours, Image.new("RGB", mask.size, self.background))
        red, green, blue = (band.point(lambda value: 255 * (value > 0)) for band in difference.split())
        covered_pixels = ImageChops.darker(opaque, ImageChops.lighter(red, ImageChops.lighter(green, blue)))
        if mask.size != size:
            colours, covered_pixels = (
                each.resize(size, Image.Resampling.NEAREST) for each in (colours, covered_pixels)
            )
        return colours, covered_pixels.convert("1")


def anomalies_of(answer: Any, mask: Path | None = None) -> Anomalies | None:
    """The anomalies in an answer of DetectAnomalies, or None if it has neither kinds nor a mask.

    `mask` is the file that holds the mask where the answer does not. Raises ValueError with a sentence.
    """
    result = answer.get("DetectAnomalyResult") if isinstance(answer, dict) else None
    if not isinstance(result, dict):
        return None
    mask_text = result.get("AnomalyMask")
    if mask_text is not None and not isinstance(mask_text, str):
        raise ValueError(f"AnomalyMask takes a PNG in base64; got {quoted(mask_text)}")
    areas, background = [], _WHITE
    for anomaly in result.get("Anomalies") or ():
        name, pixel_anomaly = (
            (anomaly.get("Name"), anomaly.get("PixelAnomaly") or {}) if isinstance(anomaly, dict) else (None, {})
        )
        if not isinstance(name, str) or not is_number(area := pixel_anomaly.get("TotalPercentageArea", 0)):
            raise ValueError(f"an anomaly takes a Name and a TotalPercentageArea; got {quoted(anomaly)}")
        if name == _BACKGROUND:
            background = rgb(str(pixel_anomaly.get("Color", "#FFFFFF")))
        else:
            colour = str(pixel_anomaly.get("Color", ""))
            areas.append(Area(name, float(area), colour and f"#{bytes(rgb(colour)).hex()}"))
    mask_bytes = mask.read_bytes() if mask_text is None and mask is not None else None
    if not areas and mask_text is None and mask_bytes is None:
        return None
    return Anomalies(tuple(areas), background, mask_text if mask_text is not None else mask_bytes)
