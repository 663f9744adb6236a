"""One colour for each label, the same in every picture and on every page."""

from __future__ import annotations

import zlib

# Of the web-safe colours that are neither pale nor dark, the 12 whose closest two lie farthest apart (23 in CIELAB) in
# normal sight and in the three kinds of colour blindness, as Machado, Oliveira and Fernandes (2009) model them.
COLOURS = (
    "#990033",
    "#cc9966",
    "#663366",
    "#99ffcc",
    "#ff6699",
    "#33cc00",
    "#ffccff",
    "#cc0000",
    "#cc33ff",
    "#3300ff",
    "#ccff00",
    "#9966cc",
)
Rgb = tuple[int, int, int]


def colour_of(label: str) -> str:
    """The colour of a label as `#rrggbb`, by a hash of its name."""
    return COLOURS[zlib.crc32(label.encode(errors="surrogatepass")) % len(COLOURS)]


def rgb(colour: str) -> Rgb:
    """Red, green and blue, 0 to 255, of `#rrggbb`. Raises ValueError for any other text."""
    if len(colour) != 7 or colour[0] != "#":
        raise ValueError(f"a colour takes #rrggbb; got {colour}")
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def text_colour(plate: str) -> str:
    """Black or white, whichever has the higher contrast on a plate (relative luminance of WCAG 2)."""
    linear = [
        value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4
        for value in (each / 255 for each in rgb(plate))
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if luminance > 0.179 else "#ffffff"  # where both contrasts are equal
