"""How many runs of a test session load their models at a time, in all of its processes together.

A load worker that waits for the processor measures this machine instead of the model.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

LOADS_AT_ONCE = 5


def session_folder(factory: pytest.TempPathFactory) -> Path:
    """The folder that all processes of this test session share."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


class Turns:
    """Turns to load; a lock of the operating system each, so that a process that dies holds none."""

    def __init__(self, folder: Path) -> None:
        self._gate = folder / "next-to-load"
        self._turns = [folder / f"loads-{number}" for number in range(LOADS_AT_ONCE)]

    @classmethod
    def of_session(cls, factory: pytest.TempPathFactory) -> Turns:
        """Those that all processes of this test session share."""
        return cls(session_folder(factory))

    @contextmanager
    def loading(self, runs: int = 1) -> Iterator[None]:
        """Wait until so many more runs may load, and hold their turns for the block."""
        with ExitStack() as held:
            # One at a time chooses: nobody holds a few turns while waiting for another's.
            with _locked(self._gate):
                for _ in range(runs):
                    held.enter_context(self._first_free())
            yield

    @contextmanager
    def _first_free(self) -> Iterator[None]:
        while True:
            for turn in self._turns:
                with ExitStack() as lock:
                    if lock.enter_context(_locked(turn, wait=False)):
                        yield
                        return
            time.sleep(0.1)


@contextmanager
def _locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the file's lock for the block; yields whether it was to be had."""
    with path.open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
