"""Waiting for a state, whenever it comes."""

from __future__ import annotations

import time
from collections.abc import Callable

# It only guards against a state that never comes: a busy machine takes several times as long as an idle one.
MAX_S = 600.0
PAUSE_S = 0.3


def wait_until(what: str, is_so: Callable[[], object], *, pause_s: float = PAUSE_S) -> None:
    """Return when it is so.

    Raises:
        AssertionError: it never became so, as far as anybody would wait.
    """
    deadline = time.monotonic() + MAX_S
    while not is_so():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(pause_s)
