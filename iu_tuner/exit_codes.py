"""The client's exit codes, and the errors that end it with one."""

from __future__ import annotations

import os
from enum import IntEnum


class Exit(IntEnum):
    """How a command ended, for a CI job. docs/cli.md lists them."""

    OK = 0
    ASSERTION = 1
    USAGE = 2
    RUN_FAILED = 3
    SKIPPED = 4
    TIMEOUT = 5
    AWS = 6
    NOT_SETTLED = 7
    INTERRUPTED = 130


class ClientError(Exception):
    """Ends the client with `code`; the message says what is wrong and what to do."""

    code = Exit.AWS


class UsageError(ClientError):
    """What was asked for can't be done as asked; nothing was started."""

    code = Exit.USAGE


def exit_on_signal(_number: int, _frame: object) -> None:
    """Handles a signal while nothing can have been started."""
    os.write(2, b"interrupted\n")
    os._exit(Exit.INTERRUPTED)
