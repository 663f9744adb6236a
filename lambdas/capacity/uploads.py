"""Uploads: when to start the one run for a burst of them.

Every upload is told of at least once, in any order, at any time. For each trigger and model, `Uploads` keeps
what matters of that; and as long as a run may be owed, a *check* is under way: a message that comes back when
it is due. A check looks, makes one move after the other, and sends the next check before it ends.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Literal

# The time of an upload's event is cut to whole seconds, and two services' clocks may be a second apart.
# So an upload counts as seen by a run only when its event's time is so long before the run's start.
MARGIN_S = 2

CheckMove = Literal["drop", "wait", "begin", "start", "watch"]


@dataclass(frozen=True)
class Uploads:
    """What is known of the uploads under one prefix for one model; times in seconds since the epoch.

    Whoever raises `check_due` has sent the check before: one that is due then, or later, is under way.
    """

    last_upload: int = 0
    covered_through: int = 0  # a run that came to its end has seen what was uploaded up to then
    check_due: float = 0.0
    run: str | None = None  # the name of the run that is about to start, or was started and is watched
    run_covers: int | None = None  # what it will have seen; None: it may not have been started yet
    runs: int = 0  # so far

    @property
    def are_pending(self) -> bool:
        """Was anything uploaded that no run has seen?"""
        return self.last_upload > self.covered_through

    def is_news(self, uploaded_at: int) -> bool:
        """Does this upload change anything? Not if it came twice or late, or a run has seen it."""
        return uploaded_at > max(self.last_upload, self.covered_through)

    def seen(self, uploaded_at: int, check_due: float) -> Uploads:
        """After an upload that is news; its check has been sent."""
        return replace(
            self, last_upload=max(self.last_upload, uploaded_at), check_due=max(self.check_due, check_due)
        )

    def move(self, due: float, now: float) -> CheckMove:
        """What to do on the check that was due at `due`.

        drop: a later check is under way, or no run is owed. wait: the queue handed it out too early.
        begin: name the run, unless somebody tests the model. start: start the run of that name, which may
        have been started already. watch: see what came of it.
        """
        if due < self.check_due:
            return "drop"
        if now < due:
            return "wait"
        if self.run is not None:
            return "start" if self.run_covers is None else "watch"
        return "begin" if self.are_pending else "drop"

    def begun(self, trigger_id: str) -> Uploads:
        """A run is named before it is started: whoever comes after a crash starts the same one."""
        number = self.runs + 1
        return replace(self, run=f"upload-{trigger_id}-{self.last_upload}-{number}", runs=number)

    def started(self, at: float) -> Uploads:
        """The run was started then; it lists the images after that."""
        return replace(self, run_covers=int(at) - MARGIN_S)

    def ended(self, *, was_skipped: bool) -> Uploads:
        """The run is over. One that was skipped has seen nothing; one that failed is not repeated."""
        covered = self.covered_through if was_skipped else max(self.covered_through, self.run_covers or 0)
        return replace(self, run=None, run_covers=None, covered_through=covered)

    def checked_again(self, check_due: float) -> Uploads:
        """Another check has been sent; it is due later than the one that sent it."""
        return replace(self, check_due=check_due)


def trigger_id(prefix: str, model_arn: str) -> str:
    """A short name of a trigger and its model that an execution's name can hold."""
    return hashlib.sha256(f"{prefix}\n{model_arn}".encode()).hexdigest()[:10]
