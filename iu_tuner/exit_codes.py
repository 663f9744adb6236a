"""The client's exit codes, and the exceptions that end it with one."""

from __future__ import annotations

import os
from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of a command; docs/cli.md explains them."""

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
    """An error that ends the client with `code`; the message says what is wrong and what to do."""

    code = Exit.AWS


class UsageError(ClientError):
    """The request of the user can't be done; nothing was started."""

    code = Exit.USAGE


def exit_on_signal(_number: int, _frame: object) -> None:
    """Handle a signal at a time when no run can have been started."""
    os.write(2, b"interrupted\n")
    os._exit(Exit.INTERRUPTED)
