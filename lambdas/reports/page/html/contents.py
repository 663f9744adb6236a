"""What a report's page holds, in the order of the page. All texts are plain: whoever shows them escapes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Tone = Literal["good", "caution", "bad"]


@dataclass(frozen=True)
class Figure:
    """A number of the first screen, what it is, and what to know of it."""

    name: str
    value: str
    note: str


@dataclass(frozen=True)
class Table:
    """Rows of texts under named columns; a number's column is aligned to the right."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()
    """which columns hold numbers"""
    note: str = ""
    marked: frozenset[int] = frozenset()
    """rows that stand out"""


@dataclass(frozen=True)
class Note:
    """A block of the first screen that a reader must not miss; its table is there for those who doubt it."""

    name: str
    title: str
    text: str
    tone: Tone
    table: Table | None = None


@dataclass(frozen=True)
class Summary:
    """The first screen."""

    model: str
    version: str
    about: str
    """when, how long and how it was measured"""
    answer: str
    verdict: str
    tone: Tone
    evidence: str
    next_action: str
    command: str | None
    """to paste into a shell, where the next action is one"""
    figures: tuple[Figure, ...]
    receipt: str
    receipt_tone: Tone
    reasons: tuple[str, ...]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Snippet:
    """Text to paste elsewhere, and where."""

    title: str
    text: str


@dataclass(frozen=True)
class Picture:
    """A chart's data (None: there is none, and the sentence says why), and what it shows of this run."""

    name: str
    title: str
    sentence: str
    chart: Mapping[str, Any] | None
    table: Table | None = None
    """the same as numbers, folded up, where no other table has them"""
    tables: tuple[Table, ...] = ()
    """what belongs to it besides"""
    snippets: tuple[Snippet, ...] = ()


@dataclass(frozen=True)
class Contents:
    """The whole report."""

    summary: Summary
    pictures: Sequence[Picture]
    tables: Sequence[Table]
    data: str = "The same as data: result.json and steps.csv, kept beside this file."
    """where else it is"""
