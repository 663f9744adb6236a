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


def interval(found: Mapping[str, Any]) -> str:
    """A share with its bounds below it, or the reason why there are none."""
    if found["low"] is None:
        return share(found["value"])
    return f"{share(found['value'])} <small>{found['low']:.3f} to {found['high']:.3f}</small>"


def number(value: float | None, digits: int = 2) -> str:
    """A number, or a dash."""
    return "–" if value is None else f"{value:,.{digits}f}"


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], texts: int = 1) -> str:
    """A table of cells that are HTML. The first `texts` columns are text, the others numbers; it scrolls by itself."""
    head = "".join(f'<th scope="col"{_class(place, texts)}>{name}</th>' for place, name in enumerate(heads))
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{cell}</th>' if place == 0 else f"<td{_class(place, texts)}>{cell}</td>"
            for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="rows" tabindex="0" role="region" aria-label="Table: {plain(caption)}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def section(id_: str, title: str, *parts: str) -> str:
    """A section of the page with a heading."""
    return f'<section aria-labelledby="{id_}"><h2 id="{id_}">{title}</h2>{"".join(parts)}</section>'


def _class(place: int, texts: int) -> str:
    return "" if place < texts else ' class="number"'
