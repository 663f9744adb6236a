"""Standard streams that take any text, may be closed, and may lose their reader."""

from __future__ import annotations

import io
import os
import sys
from typing import IO


def prepare_streams() -> None:
    """Give this process three standard streams that no text can break.

    A closed stream (`>&-`) becomes /dev/null. Where the encoding of the machine lacks a character, as ASCII does under
    LC_ALL=C, it is written as `\\u2026`.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - for the process's life
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def can_ask() -> bool:
    """Whether there is a person to answer a question: the question is seen, and the answer can be typed."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def discard(stream: IO[str]) -> None:
    """Send the rest to /dev/null: nobody reads this stream any more, as after `| head`."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
