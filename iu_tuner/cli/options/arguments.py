"""Checks arguments of the command line that click accepts but would misread."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import click

from iu_tuner.cli.terminal.render import plain
from iu_tuner.contract.input_errors import quoted
from iu_tuner.exit_codes import UsageError

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)


class Minutes(click.FloatRange):
    """A number of minutes above 0; rejects `nan` and `inf`, which would be no limit."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As click.FloatRange, but rejects NaN and infinity."""
        minutes = super().convert(value, param, ctx)
        if not math.isfinite(minutes):
            self.fail(f"{minutes} is no number of minutes.", param, ctx)
        return minutes


def new_run_id(name: str | None) -> str:
    """The value of --name, or an id that is new. Raises UsageError if it is no name of an execution."""
    run_id = name or f"cli-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{uuid4().hex[:6]}"
    if not _NAME.fullmatch(run_id):
        raise UsageError(f"--name: got {plain(run_id)}; takes 1 to 80 letters, digits, - and _")
    return run_id


def refuse_empty_options(arguments: Sequence[str]) -> None:
    """Raises UsageError for an option with an empty value: click would ignore it, but a script meant to set it."""
    for option, value in zip(arguments, [*arguments[1:], None], strict=False):
        name, equals, attached_value = option.partition("=")
        if name.startswith("--") and (attached_value == "" if equals else value == ""):
            raise UsageError(f"{name}: got nothing: the argument after it is empty, as of a variable that is not set")


def text_argument(name: str, value: str) -> str:
    """An argument as text. If the machine's encoding lacks its characters, it is read as UTF-8.

    Raises:
        UsageError: the argument is not UTF-8.
    """
    try:
        return value if value.isascii() else value.encode(errors="surrogateescape").decode()
    except UnicodeError:
        raise UsageError(f"{name}: got {quoted(value)}, which is no UTF-8") from None
