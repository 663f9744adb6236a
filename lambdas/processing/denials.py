"""Refusals for want of a right. If the first answers are all refused, each other image would be paid for in vain."""

from __future__ import annotations

import threading

from iu_tuner.contract.errors import AccessDenied
from lambdas.aws.denials import advice

MAX_REFUSALS = 5  # refusals before the first success


class Denials:
    """The refusals of one worker. Thread-safe."""

    def __init__(self) -> None:
        self._count = 0
        self._lock = threading.Lock()
        self._has_rights = False

    def record_success(self) -> None:
        """Record that a result was written: the worker has its rights."""
        self._has_rights = True

    def record_refusal(self, what: str, message: str) -> None:
        """Record a refusal of `what`. Raises AccessDenied if there were only refusals so far, and MOST of them."""
        with self._lock:
            self._count += 1
        if self._count >= MAX_REFUSALS and not self._has_rights:
            next_action = advice(
                message, "grant this to the role of ProcessImages, and look at the policies of the resource"
            )
            raise AccessDenied(f"{what} was refused ({message}) - {next_action}; then run again with resume")
