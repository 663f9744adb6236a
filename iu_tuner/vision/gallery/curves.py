"""The curve of a label: how many of it there are at each threshold."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from iu_tuner.vision.drawing.colours import colour_of
from iu_tuner.vision.page.markup import plain, text

WIDTH, HEIGHT = 320, 130  # of the drawing, in its own units
LEFT, RIGHT, TOP, BOTTOM = 34, 10, 14, 22
MAX_STEPS = 400  # of a path: with more labels, the count is drawn at so many thresholds


def axis_start(confidences: Sequence[Sequence[float]]) -> int:
    """Where the axis of all curves starts: below the lowest confidence, at most at 99."""
    return min((int(each[0]) for each in confidences if each), default=0) if any(confidences) else 0


def curve(index: int, name: str, confidences: Sequence[float], start: int) -> str:
    """A figure with the curve of a label, and a mark that gallery.js moves. `confidences` are in rising order."""
    start = min(start, 99)
    total, colour = len(confidences), colour_of(name)
    base = HEIGHT - BOTTOM
    return (
        f'<figure class="curve" data-label="{index}" data-start="{start}"><figcaption>'
        f'{swatch(colour)}<b>{text(name)}</b> <span class="of">{total:,} of {total:,}</span></figcaption>'
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{plain(name)}: labels by threshold">'
        f'<path class="axis" d="M{LEFT} {TOP}V{base}H{WIDTH - RIGHT}"/>'
        f'<text x="{LEFT - 5}" y="{TOP + 5}" text-anchor="end">{_short_number(total)}</text>'
        f'<text x="{LEFT - 5}" y="{base}" text-anchor="end">0</text>'
        f'<text x="{LEFT}" y="{HEIGHT - 6}">{start}</text>'
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">100</text>'
        f'<path class="steps" d="{_steps(confidences, start)}" stroke="{colour}"/>'
        f'<path class="at" d="M{LEFT} {TOP}V{base}"/><circle class="dot" r="4.5" cx="{LEFT}" cy="{TOP}"/>'
        "</svg></figure>"
    )


def swatch(colour: str) -> str:
    """A small square of a colour."""
    return (
        f'<svg class="swatch" viewBox="0 0 10 10" color="{colour}" aria-hidden="true">'
        '<rect width="10" height="10"/></svg>'
    )


def _steps(confidences: Sequence[float], start: int) -> str:
    """A staircase that falls by one behind each confidence."""
    total = len(confidences)
    if total > MAX_STEPS:
        thresholds: Sequence[float] = [start + (100 - start) * each / MAX_STEPS for each in range(MAX_STEPS + 1)]
    else:
        thresholds = confidences
    parts = [f"M{LEFT} {TOP}"]
    for number, threshold in enumerate(thresholds, 1):
        below = number if thresholds is confidences else bisect_left(confidences, threshold)
        parts.append(f"H{_x_of(threshold, start):.1f}V{_y_of((total - below) / total):.1f}")
    parts.append(f"H{WIDTH - RIGHT}")
    return "".join(parts)


def _x_of(threshold: float, start: int) -> float:
    return LEFT + (threshold - start) / (100 - start) * (WIDTH - LEFT - RIGHT)


def _y_of(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _short_number(number: int) -> str:
    return f"{number / 1000:.3g}k" if number >= 10_000 else str(number)
