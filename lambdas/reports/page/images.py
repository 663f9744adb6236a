"""What the pages of batches and of runs for uploads share: results over time, and tables of names and values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from iu_tuner.formats import count, duration, tps
from lambdas.reports.page.html.contents import Picture, Table

MAX_KEY = 120  # characters of a key in a table


def progress(points: Sequence[tuple[float, int]], measured: float | None) -> Picture:
    """The results over time: (seconds, results until then), beside the measured rate in images/s if it is known."""
    title = "Progress against the measured rate"
    if len(points) < 2:
        return Picture("progress", title, "The model answered for no image, so there is nothing to draw.", None)
    seconds, results = points[-1]
    sentence = f"{count(results, 'result')} came within {duration(seconds)}."
    if measured:
        sentence += f" The thin line is the measured rate of {tps(measured)} images/s: {duration(results / measured)}."
    chart = {"points": [list(point) for point in points], "measured": measured}
    return Picture("progress", title, sentence, chart)


def counts_table(name: str, title: str, rows: Iterable[tuple[str, int]], note: str = "") -> Table:
    """A table of numbers of images."""
    cells = tuple((what, f"{number:,}") for what, number in rows)
    return Table(name, title, ("Images", "Number"), cells, numbers=frozenset({1}), note=note)


def failures_by_kind(kinds: Iterable[tuple[str, int, str, str]], note: str = "") -> Table:
    """The failures by error: its name, the number of images, the key of one of them, and what the service says."""
    columns = ("Error", "Images", "For example", "What the service says")
    rows = tuple((error, f"{number:,}", _shortened(key), message) for error, number, key, message in kinds)
    return Table("failures", "Failures by kind", columns, rows, numbers=frozenset({1}), note=note)


def _shortened(key: str) -> str:
    """The key without its middle if it is too long for a table; the data beside the page has all of it."""
    return key if len(key) <= MAX_KEY else f"{key[: MAX_KEY // 2]}…{key[-MAX_KEY // 2 :]}"


def pairs_table(name: str, title: str, rows: Iterable[tuple[str, Any]]) -> Table:
    """A table of names and their values."""
    return Table(name, title, ("Name", "Value"), tuple((str(key), str(value)) for key, value in rows))


def flat_values(values: Mapping[str, Any], path: str = "") -> list[tuple[str, Any]]:
    """The values of an object, each with its path as the name."""
    rows: list[tuple[str, Any]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            rows += flat_values(value, f"{path}{name}.")
        else:
            rows.append((f"{path}{name}", ", ".join(map(str, value)) if isinstance(value, list) else value))
    return rows
