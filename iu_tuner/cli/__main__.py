"""Starts the client: the console script `iu-tuner`, and `python -m iu_tuner.cli`."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

from iu_tuner.exit_codes import exit_on_signal


def start() -> NoReturn:
    """Run the client with the arguments of the command line, and exit."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, exit_on_signal)  # the import below takes a second
    from iu_tuner.cli.main import main

    listen_to_signals()
    sys.exit(main())


def listen_to_signals() -> None:
    """Handle SIGINT, which shells ignore for background jobs, and SIGTERM, with which CI systems end a job."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(_number: int, _frame: object) -> None:
    from iu_tuner.cli.session.interrupts import Terminated

    raise Terminated


if __name__ == "__main__":
    start()
