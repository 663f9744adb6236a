"""Prepares the standard streams for any text, for closed streams, and for readers that leave."""

from __future__ import annotations

import io
import os
import sys
from typing import IO


def prepare_streams() -> None:
    """Give this process three standard streams that accept any text.

    A closed stream (`>&-`) becomes /dev/null. A character that the machine's encoding lacks, as ASCII under LC_ALL=C,
    is written as an escape such as `\\u2026`.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - for the process's life
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def can_ask() -> bool:
    """Whether a user can see a question and type the answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def discard(stream: IO[str]) -> None:
    """Send further output to /dev/null, because the reader of the stream has gone, as after `| head`."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
