"""The client's console: progress and sentences go to stderr, the answer to stdout, which with --json has only JSON."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from rich.console import Console, ConsoleDimensions, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from iu_tuner.cli.aws.snapshot import Snapshot
from iu_tuner.cli.terminal.render import plain, progress, progress_line
from iu_tuner.cli.terminal.times import RunTimes
from iu_tuner.streams import can_ask, discard

LOG_WIDTH = 120  # columns; a log has no width, and rich would assume 80
MIN_TABLE_WIDTH = 60  # columns; in a narrower terminal a table can't be read


class Screen:
    """The output of a command: a live table in a terminal, otherwise (as in a CI log) a line per change."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._err = _console(stderr=True)
        self._out = self._err if as_json else _console(stderr=False)
        self._live: Live | None = None
        self._last_sentence = ""
        self._times = RunTimes()

    @property
    def is_interactive(self) -> bool:
        """Whether a user can answer questions."""
        return can_ask()

    def __enter__(self) -> Screen:
        if self._err.is_terminal and not self._err.is_dumb_terminal and self._err.width >= MIN_TABLE_WIDTH:
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
        """Show the progress of the run; in a terminal its times go on between two calls."""
        self._times.update(snapshot, time.monotonic(), datetime.now(UTC))
        if self._live is not None:
            self._live.update(progress(snapshot, lambda: self._times.sentence(time.monotonic())))
        else:
            self.say_once(progress_line(snapshot))

    def say(self, sentence: str, *, style: str = "") -> None:
        """Write a sentence to stderr."""
        _print(self._err, Text(plain(sentence), style=style))

    def say_once(self, sentence: str) -> None:
        """Write a sentence to stderr, unless it was the last one."""
        if sentence != self._last_sentence:
            self._last_sentence = sentence
            self.say(sentence)

    def tell(self, *parts: RenderableType) -> None:
        """Write a part of the answer to stdout, or to stderr with --json."""
        for part in parts:
            _print(self._out, part)

    def put_json(self, value: Mapping[str, Any] | list[Any]) -> None:
        """With --json, write the only JSON value to stdout."""
        if self._as_json:
            try:
                sys.stdout.write(json.dumps(value, indent=2) + "\n")
                sys.stdout.flush()
            except BrokenPipeError:
                discard(sys.stdout)


def _print(console: Console, part: RenderableType) -> None:
    """Print a part. A terminal wraps sentences only between words, so that URIs can be copied.

    Commands, which are texts with `no_wrap`, stay on their line, and so does everything in a log.
    """
    if isinstance(part, Table) and console.is_terminal and console.width < MIN_TABLE_WIDTH:
        for row in zip(*(column.cells for column in part.columns), strict=True):
            cells = (f"{column.header}: {cell}" for column, cell in zip(part.columns, row, strict=True))
            _print(console, Text(f"- {'; '.join(cells)}"))
    elif isinstance(part, Text) and console.is_terminal and not part.no_wrap:
        lines = textwrap.fill(part.plain, console.width, break_long_words=False, break_on_hyphens=False)
        console.print(Text(lines, style=part.style), soft_wrap=True)
    else:
        console.print(part, soft_wrap=not console.is_terminal or isinstance(part, Text))


class _PatientConsole(Console):
    """A console that survives a reader, like `head`, that closes the pipe: the run and its exit code matter more."""

    def on_broken_pipe(self) -> None:
        """Discard further output; rich would exit with 1."""
        self.quiet = True
        discard(self.file)


def _console(*, stderr: bool) -> Console:
    console = _PatientConsole(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    elif console.is_dumb_terminal:  # rich assumes 80 columns for it
        console.size = ConsoleDimensions(*shutil.get_terminal_size())
    return console
