"""Writes the repeated parts of the page as HTML: figures, pictures, tables."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lambdas.reports.page.html.contents import Figure, Note, Picture, Snippet, Table
from lambdas.reports.page.html.escaping import escaped

MARKED = ' class="marked"'
# Where a name such as `test.maxConcurrency` or a path may go on in the next line.
_BREAKS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[./_])(?=\w)")


def figures(shown: Sequence[Figure]) -> str:
    """The HTML of the numbers of the first screen."""
    return "\n".join(
        f"<div><dt>{escaped(each.name)}</dt>"
        f"<dd><b>{escaped(each.value)}</b> <small>{escaped(each.note)}</small></dd></div>"
        for each in shown
    )


def reasons(shown: Sequence[str]) -> str:
    """The HTML of the reasons for the recommended inference units."""
    if not shown:
        return ""
    items = "".join(f"<li>{escaped(each)}</li>" for each in shown)
    return f'<section id="reasons"><h2>Why</h2><ul class="reasons">{items}</ul></section>'


def note(shown: Note) -> str:
    """The HTML of a coloured block with its table folded up."""
    return (
        f'<section class="aside {shown.tone}" aria-labelledby="{shown.name}">'
        f'<h2 id="{shown.name}">{escaped(shown.title)}</h2><p>{escaped(shown.text)}</p>'
        f"{_folded(shown.table)}</section>"
    )


def command(text: str) -> str:
    """The HTML of a text for a shell or a form; style.css lets one click select the whole text."""
    return f'<pre tabindex="0"><code>{escaped(text)}</code></pre>'


def picture(shown: Picture) -> str:
    """The HTML of a sentence and the canvas that it describes; without a chart the sentence says why."""
    name, sentence = shown.name, f'<p id="{shown.name}-says">{escaped(shown.sentence)}</p>'
    canvas = (
        f'<div class="chart" data-chart="{name}">'
        f'<canvas role="img" aria-label="Chart: {escaped(shown.title)}" aria-describedby="{name}-says"></canvas></div>'
        if shown.chart is not None
        else ""
    )
    more = "".join(f"<h3>{escaped(each.title)}</h3>{_rows(each)}" for each in shown.tables)
    more += "".join(map(_snippet, shown.snippets))
    kind = "picture" if shown.chart is not None or more else "picture missing"
    return (
        f'<section class="{kind}" id="{name}"><h2>{escaped(shown.title)}</h2>'
        f"{sentence}{canvas}{_folded(shown.table)}{more}</section>"
    )


def _snippet(shown: Snippet) -> str:
    return f"<h3>{escaped(shown.title)}</h3>{command(shown.text)}"


def _folded(shown: Table | None) -> str:
    if shown is None:
        return ""
    return f"<details><summary>{escaped(shown.title)}</summary>{_rows(shown)}</details>"


def table(shown: Table) -> str:
    """The HTML of a table as a section of its own."""
    return f'<section id="table-{shown.name}"><h2>{escaped(shown.title)}</h2>{_rows(shown)}</section>'


def _rows(shown: Table) -> str:
    note = f'<p class="note">{escaped(shown.note)}</p>' if shown.note else ""
    if not shown.rows:
        return note
    heads = "".join(_cell("th", index, name, shown, ' scope="col"') for index, name in enumerate(shown.columns))
    body = "".join(
        f"<tr{MARKED if number in shown.marked else ''}>"
        + "".join(_cell("td", index, text, shown) for index, text in enumerate(row))
        + "</tr>"
        for number, row in enumerate(shown.rows)
    )
    # A wide table scrolls within its frame; the tabindex makes that work by keyboard, too. scrolling.js takes it from
    # the tables that fit.
    return (
        f'<div class="rows" tabindex="0" role="region" aria-label="{escaped(shown.title)}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>{note}"
    )


def _cell(tag: str, index: int, text: str, shown: Table, more: str = "") -> str:
    number = ' class="number"' if index in shown.numbers else ""
    # The direction of a right-to-left key must not affect the text outside its cell.
    inside = f"<bdi>{'<wbr>'.join(map(escaped, _BREAKS.split(text)))}</bdi>" if tag == "td" else escaped(text)
    return f"<{tag}{more}{number}>{inside}</{tag}>"
