"""HTML of text and tables. Every text from outside is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from iu_tuner.formats import one_line


def text(value: object) -> str:
    """A text from outside as HTML, on one line and set apart from the direction of what surrounds it."""
    return f"<bdi>{escape(one_line(str(value)))}</bdi>"


def plain(value: object) -> str:
    """A text from outside as the value of an attribute."""
    return escape(one_line(str(value)), quote=True)


def share(value: float | None) -> str:
    """A share of 0 to 1 with three digits."""
    return "–" if value is None else f"{value:.3f}"


def interval(values: Mapping[str, Any]) -> str:
    """A share with its bounds below it, or the reason why there are none."""
    if values["low"] is None:
        return share(values["value"])
    return f"{share(values['value'])} <small>{values['low']:.3f} to {values['high']:.3f}</small>"


def number(value: float | None, digits: int = 2) -> str:
    """A number, or a dash."""
    return "–" if value is None else f"{value:,.{digits}f}"


def table(caption: str, headings: Sequence[str], rows: Iterable[Sequence[str]], texts: int = 1) -> str:
    """A table of cells that are HTML. The first `texts` columns are text, the others numbers; it scrolls by itself."""
    heading_cells = "".join(
        f'<th scope="col"{_class(column, texts)}>{name}</th>' for column, name in enumerate(headings)
    )
    body_rows = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{cell}</th>' if column == 0 else f"<td{_class(column, texts)}>{cell}</td>"
            for column, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="rows" tabindex="0" role="region" aria-label="Table: {plain(caption)}"><table>'
        f"<thead><tr>{heading_cells}</tr></thead><tbody>{body_rows}</tbody></table></div>"
    )


def section(id_: str, title: str, *parts: str) -> str:
    """A section of the page with a heading."""
    return f'<section aria-labelledby="{id_}"><h2 id="{id_}">{title}</h2>{"".join(parts)}</section>'


def _class(column: int, texts: int) -> str:
    return "" if column < texts else ' class="number"'
