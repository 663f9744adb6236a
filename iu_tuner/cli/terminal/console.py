"""Where the client speaks: progress and sentences to stderr, the answer to stdout, and with --json only JSON there."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from rich.console import Console, ConsoleDimensions, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from iu_tuner.cli.aws.snapshot import Snapshot
from iu_tuner.cli.terminal.render import plain, progress, progress_line
from iu_tuner.streams import can_ask, discard

LOG_WIDTH = 120  # a log has no width, and rich would take 80
NARROW = 60  # columns of a terminal in which a table can't be read


class Screen:
    """A live table in a terminal; elsewhere, as in a CI job's log, a line for each change."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._err = _console(stderr=True)
        self._out = self._err if as_json else _console(stderr=False)
        self._live: Live | None = None
        self._said = ""

    @property
    def is_interactive(self) -> bool:
        """Is there somebody who can be asked?"""
        return can_ask()

    def __enter__(self) -> Screen:
        if self._err.is_terminal and not self._err.is_dumb_terminal and self._err.width >= NARROW:
            self._live = Live(console=self._err, refresh_per_second=8, transient=False)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def show(self, snapshot: Snapshot) -> None:
        """How far the run is."""
        if self._live is not None:
            self._live.update(progress(snapshot))
        else:
            self.say_once(progress_line(snapshot))

    def say(self, sentence: str, *, style: str = "") -> None:
        """A sentence, to stderr."""
        _print(self._err, Text(plain(sentence), style=style))

    def say_once(self, sentence: str) -> None:
        """The same, unless it was the last that was said."""
        if sentence != self._said:
            self._said = sentence
            self.say(sentence)

    def tell(self, *parts: RenderableType) -> None:
        """A part of the answer, to stdout where that is not JSON's."""
        for part in parts:
            _print(self._out, part)

    def put_json(self, value: Mapping[str, Any] | list[Any]) -> None:
        """The one JSON value on stdout, with --json."""
        if self._as_json:
            try:
                sys.stdout.write(json.dumps(value, indent=2) + "\n")
                sys.stdout.flush()
            except BrokenPipeError:
                discard(sys.stdout)


def _print(console: Console, part: RenderableType) -> None:
    """In a terminal sentences are broken between words, and never within one: a URI can be copied. A log has lines."""
    if isinstance(part, Table) and console.is_terminal and console.width < NARROW:
        for row in zip(*(column.cells for column in part.columns), strict=True):
            cells = (f"{column.header}: {cell}" for column, cell in zip(part.columns, row, strict=True))
            _print(console, Text(f"- {'; '.join(cells)}"))
    elif isinstance(part, Text) and console.is_terminal:
        lines = textwrap.fill(part.plain, console.width, break_long_words=False, break_on_hyphens=False)
        console.print(Text(lines, style=part.style), soft_wrap=True)
    else:
        console.print(part, soft_wrap=not console.is_terminal)


class _PatientConsole(Console):
    """A run, its exit code and its JUnit file do not end with whoever reads along, as `head` does."""

    def on_broken_pipe(self) -> None:
        """Go on in silence; rich would exit with 1."""
        self.quiet = True
        discard(self.file)


def _console(*, stderr: bool) -> Console:
    console = _PatientConsole(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    elif console.is_dumb_terminal:  # for which rich takes 80 columns
        console.size = ConsoleDimensions(*shutil.get_terminal_size())
    return console
