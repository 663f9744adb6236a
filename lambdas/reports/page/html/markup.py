"""Writes the repeated parts of the page as HTML: figures, pictures, tables."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lambdas.reports.page.html.contents import Figure, Note, Picture, Snippet, Table
from lambdas.reports.page.html.escaping import escaped

MARKED_CLASS = ' class="marked"'
# Where a name such as `test.maxConcurrency` or a path may go on in the next line.
_LINE_BREAKS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[./_])(?=\w)")


def figures(page_figures: Sequence[Figure]) -> str:
    """The HTML of the numbers of the first screen."""
    return "\n".join(
        f"<div><dt>{escaped(figure.name)}</dt>"
        f"<dd><b>{escaped(figure.value)}</b> <small>{escaped(figure.note)}</small></dd></div>"
        for figure in page_figures
    )


def reasons(texts: Sequence[str]) -> str:
    """The HTML of the reasons for the recommended inference units."""
    if not texts:
        return ""
    items = "".join(f"<li>{escaped(text)}</li>" for text in texts)
    return f'<section id="reasons"><h2>Why</h2><ul class="reasons">{items}</ul></section>'


def note(page_note: Note) -> str:
    """The HTML of a coloured block with its table folded up."""
    return (
        f'<section class="aside {page_note.tone}" aria-labelledby="{page_note.name}">'
        f'<h2 id="{page_note.name}">{escaped(page_note.title)}</h2><p>{escaped(page_note.text)}</p>'
        f"{_folded(page_note.table)}</section>"
    )


def command(text: str) -> str:
    """The HTML of a text for a shell or a form; style.css lets one click select the whole text."""
    return f'<pre tabindex="0"><code>{escaped(text)}</code></pre>'


def picture(page_picture: Picture) -> str:
    """The HTML of a sentence and the canvas that it describes; without a chart the sentence says why."""
    name, title = page_picture.name, escaped(page_picture.title)
    sentence = f'<p id="{name}-says">{escaped(page_picture.sentence)}</p>'
    canvas = (
        f'<div class="chart" data-chart="{name}">'
        f'<canvas role="img" aria-label="Chart: {title}" aria-describedby="{name}-says"></canvas></div>'
        if page_picture.chart is not None
        else ""
    )
    extras = "".join(f"<h3>{escaped(each.title)}</h3>{_rows(each)}" for each in page_picture.tables)
    extras += "".join(map(_snippet, page_picture.snippets))
    kind = "picture" if page_picture.chart is not None or extras else "picture missing"
    return (
        f'<section class="{kind}" id="{name}"><h2>{title}</h2>'
        f"{sentence}{canvas}{_folded(page_picture.table)}{extras}</section>"
    )


def _snippet(snippet: Snippet) -> str:
    return f"<h3>{escaped(snippet.title)}</h3>{command(snippet.text)}"


def _folded(page_table: Table | None) -> str:
    if page_table is None:
        return ""
    return f"<details><summary>{escaped(page_table.title)}</summary>{_rows(page_table)}</details>"


def table(page_table: Table) -> str:
    """The HTML of a table as a section of its own."""
    return f'<section id="table-{page_table.name}"><h2>{escaped(page_table.title)}</h2>{_rows(page_table)}</section>'


def _rows(page_table: Table) -> str:
    note = f'<p class="note">{escaped(page_table.note)}</p>' if page_table.note else ""
    if not page_table.rows:
        return note
    heads = "".join(
        _cell("th", index, name, page_table, ' scope="col"') for index, name in enumerate(page_table.columns)
    )
    body = "".join(
        f"<tr{MARKED_CLASS if number in page_table.marked else ''}>"
        + "".join(_cell("td", index, text, page_table) for index, text in enumerate(row))
        + "</tr>"
        for number, row in enumerate(page_table.rows)
    )
    # A wide table scrolls within its frame; the tabindex makes that work by keyboard, too. scrolling.js takes it from
    # the tables that fit.
    return (
        f'<div class="rows" tabindex="0" role="region" aria-label="{escaped(page_table.title)}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>{note}"
    )


def _cell(tag: str, index: int, text: str, page_table: Table, attributes: str = "") -> str:
    number = ' class="number"' if index in page_table.numbers else ""
    # The direction of a right-to-left key must not affect the text outside its cell.
    content = f"<bdi>{'<wbr>'.join(map(escaped, _LINE_BREAKS.split(text)))}</bdi>" if tag == "td" else escaped(text)
    return f"<{tag}{attributes}{number}>{content}</{tag}>"
