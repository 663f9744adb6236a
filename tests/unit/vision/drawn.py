"""Runs `iu-tuner draw` and `gallery` as a user does, and makes results for them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from iu_tuner.cli.main import main
from iu_tuner.vision.drawing.colours import colour_of, rgb

Sides = tuple[float, float, float, float]


@dataclass(frozen=True)
class Ended:
    """What a command ended with and printed, and the images or pages that it wrote."""

    code: int
    out: str
    err: str
    place: Path

    def image(self, name: str) -> Image.Image:
        """An image that was drawn."""
        with Image.open(self.place / name) as image:
            image.load()
            return image


class Looking:
    """`looking("draw", folder, "--threshold", "90")`."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._capsys, self.folder, self._calls = capsys, folder, 0

    def __call__(self, command: str, *arguments: object) -> Ended:
        self._calls += 1
        out = self.folder / f"out{self._calls}" / ("" if command == "draw" else "gallery.html")
        self._capsys.readouterr()
        code = main([command, *map(str, arguments), "--out", str(out)])
        said = self._capsys.readouterr()
        return Ended(code, said.out, said.err, out)

    def results(self, answers: Mapping[str, Any], folder: str = "results") -> Path:
        """A folder with `<key>.json` for each answer; a text is written as it is."""
        for key, answer in answers.items():
            path = self.folder / folder / f"{key}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(answer if isinstance(answer, str) else json.dumps(answer), "utf-8")
        return self.folder / folder


def answer(*labels: tuple[str, float, Sides | None]) -> dict[str, Any]:
    """An answer of DetectCustomLabels: name, confidence and (left, top, width, height) in shares, or None."""
    names = ("Left", "Top", "Width", "Height")
    return {
        "CustomLabels": [
            {"Name": name, "Confidence": confidence}
            | ({"Geometry": {"BoundingBox": dict(zip(names, sides, strict=True))}} if sides else {})
            for name, confidence, sides in labels
        ]
    }


def edges(image: Image.Image, label: str, centre: tuple[int, int]) -> tuple[int, int, int, int]:
    """The first column, first row, last column and last row of a label's box around a point.

    From the point to each side, the first pixel of the label's colour is the inner edge of a line of the known width.
    A name's plate lies outside of the box, so it does not count.
    """
    colour, width = rgb(colour_of(label)), max(2, round(image.height / 200)) - 1
    x, y = centre

    def first(places: Iterable[tuple[int, int]]) -> tuple[int, int]:
        return next(place for place in places if _is_like(image, place, colour))

    left, _ = first((at, y) for at in range(x, -1, -1))
    right, _ = first((at, y) for at in range(x, image.width))
    _, top = first((x, at) for at in range(y, -1, -1))
    _, bottom = first((x, at) for at in range(y, image.height))
    return left - width, top - width, right + width, bottom + width


def _is_like(image: Image.Image, place: tuple[int, int], colour: tuple[int, int, int], most: int = 40) -> bool:
    found = image.getpixel(place)
    return isinstance(found, tuple) and all(abs(a - b) <= most for a, b in zip(found, colour, strict=False))


def is_near(found: Iterable[float], expected: Iterable[float], most: float = 1) -> bool:
    """Whether all numbers differ by at most a pixel."""
    return all(abs(a - b) <= most for a, b in zip(found, expected, strict=True))
