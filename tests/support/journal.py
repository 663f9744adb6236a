"""What an instrumented embedded AWS writes down: one JSON object per line."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any


class Journal:
    """The writing side. A line is out when `write` returns, and costs some ten microseconds."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "a", buffering=1, encoding="utf-8")  # noqa: SIM115 - for the process's life
        self._lock = threading.Lock()

    def write(self, **entry: Any) -> None:
        """One entry."""
        line = json.dumps({"at": round(time.time(), 3), **entry}) + "\n"
        with self._lock:
            self._file.write(line)


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """The reading side: everything written so far."""
    if path.exists():
        with path.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if line.endswith("\n"))


def calls(path: Path) -> list[dict[str, Any]]:
    """AWS calls that IAM was asked about: principal, accessKeyId, action, resource, denied."""
    return [entry for entry in entries(path) if "action" in entry]


def lambdas(path: Path) -> list[int]:
    """Process ids of all Lambda environments that there have been."""
    return [entry["lambdaPid"] for entry in entries(path) if "lambdaPid" in entry]


def injections(path: Path) -> list[dict[str, Any]]:
    """Faults that were met: runId, state, kind."""
    return [entry for entry in entries(path) if "kind" in entry]


def replace(module: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put another function in a function's place; AttributeError where ministack has none of that name."""
    original = getattr(module, name)
    setattr(module, name, wraps(original)(make(original)))
