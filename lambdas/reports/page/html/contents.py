"""The contents of a report's page, in its order. All texts are plain; `markup` escapes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Tone = Literal["good", "caution", "bad"]


@dataclass(frozen=True)
class Figure:
    """A number of the first screen with its name and a remark."""

    name: str
    value: str
    note: str


@dataclass(frozen=True)
class Table:
    """Rows of texts under named columns; columns of numbers are aligned to the right."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()
    """indices of the columns that hold numbers"""
    note: str = ""
    marked: frozenset[int] = frozenset()
    """indices of the rows that are highlighted"""


@dataclass(frozen=True)
class Note:
    """A highlighted block of the first screen; its table holds the evidence."""

    name: str
    title: str
    text: str
    tone: Tone
    table: Table | None = None


@dataclass(frozen=True)
class Summary:
    """The contents of the first screen."""

    model: str
    version: str
    circumstances: str
    """when, how and for how long the model was measured"""
    answer: str
    verdict: str
    tone: Tone
    evidence: str
    next_action: str
    command: str | None
    """the next action as a shell command, if it is one"""
    figures: tuple[Figure, ...]
    receipt: str
    receipt_tone: Tone
    reasons: tuple[str, ...]
    notes: tuple[Note, ...] = ()
    subject: str = "Inference units for"
    """what the page is about, before the model's name"""


@dataclass(frozen=True)
class Snippet:
    """A text to paste into another program, and the place for it."""

    title: str
    text: str


@dataclass(frozen=True)
class Picture:
    """A chart and a sentence on what it shows; if `chart` is None, the sentence says why there is none."""

    name: str
    title: str
    sentence: str
    chart: Mapping[str, Any] | None
    table: Table | None = None
    """the chart's numbers, folded up, unless another table has them"""
    tables: tuple[Table, ...] = ()
    """further tables about the same subject"""
    snippets: tuple[Snippet, ...] = ()


@dataclass(frozen=True)
class Contents:
    """The whole report."""

    summary: Summary
    pictures: Sequence[Picture]
    tables: Sequence[Table]
    data: str = "The same as data: result.json and steps.csv, kept beside this file."
    """where the report's data is stored"""
