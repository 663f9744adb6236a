"""Charts as SVG: lines of several models over one pair of axes, and a mark on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iu_tuner.vision.page.markup import plain, text

WIDTH, HEIGHT = 400, 300  # of the drawing, in its own units; a phone shows it at 0.85 of that
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 12, 46
COLOURS = 5  # style.css has so many


@dataclass(frozen=True)
class Line:
    """A model's line, in shares of the axes (0 to 1). `marks` are points on it; `caption` describes them in words."""

    name: str
    points: Sequence[tuple[float, float]]
    marks: Sequence[tuple[float, float]]
    caption: str


def chart(title: str, x_label: str, y_label: str, lines: Sequence[Line], percent: bool = False) -> str:
    """A figure with a line for each model. `percent`: the horizontal axis shows 0 to 100."""
    description = "; ".join(f"{line.name}: {line.caption}" for line in lines)
    drawn_lines = "".join(_line_svg(number, line) for number, line in enumerate(lines))
    legend = "".join(
        f'<li class="m{number % COLOURS}"><svg viewBox="0 0 36 12" aria-hidden="true">'
        f'<path class="line" d="M0 6H36"/></svg>{text(line.name)}: {text(line.caption)}</li>'
        for number, line in enumerate(lines)
    )
    return (
        f'<figure class="chart"><h3>{title}</h3>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{plain(f"{title}. {description}")}">'
        f'{_axes(x_label, y_label, percent)}{drawn_lines}</svg><ul class="legend">{legend}</ul></figure>'
    )


def _line_svg(number: int, line: Line) -> str:
    points = [_position(*each) for each in line.points]
    path = "".join(f"{'L' if index else 'M'}{x:.1f} {y:.1f}" for index, (x, y) in enumerate(points))
    marks = "".join(
        f'<circle class="mark" cx="{x:.1f}" cy="{y:.1f}" r="6"/>' for x, y in (_position(*mark) for mark in line.marks)
    )
    return f'<g class="m{number % COLOURS}"><path class="line" d="{path or "M0 0"}"/>{marks}</g>'


def _axes(x_label: str, y_label: str, percent: bool) -> str:
    parts = []
    for step in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = _position(step, step)
        parts.append(f'<path class="axis" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 5:.1f}" text-anchor="end">{step:g}</text>')
        step_text = f"{100 * step:g}" if percent else f"{step:g}"
        anchor = "end" if step == 1 else "middle"
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="{anchor}">{step_text}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{HEIGHT - 8}" text-anchor="middle">{x_label}</text>')
    height = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(f'<text transform="translate(14 {height:.0f}) rotate(-90)" text-anchor="middle">{y_label}</text>')
    return "".join(parts)


def _position(x: float, y: float) -> tuple[float, float]:
    return LEFT + x * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - y * (HEIGHT - TOP - BOTTOM)
