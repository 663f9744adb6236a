"""From uploads to runs: takes note of uploads, and makes a check's moves until the next check has been sent.

A Lambda may die between any two lines. What it was told of comes back then, and finds what was done: checks
are sent before they are counted on, and a run is named before it is started.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lambdas.adapters.executions import states_client
from lambdas.adapters.leases import LeaseBook, lease_book
from lambdas.adapters.run_store import dynamodb_client
from lambdas.adapters.settings import settings
from lambdas.adapters.upload_book import UploadBook
from lambdas.adapters.upload_messages import Trigger, send_check
from lambdas.adapters.upload_runs import UploadRuns
from lambdas.adapters.work_queue import sqs_client
from lambdas.capacity.errors import InternalError
from lambdas.capacity.uploads import MARGIN_S, Uploads, trigger_id

_MOST_MOVES = 50  # a check needs five; the others are for writes that another Lambda was quicker with


@dataclass(frozen=True)
class UploadWatch:
    """One trigger's uploads, and the runs for them."""

    trigger: Trigger
    book: UploadBook
    leases: LeaseBook
    runs: UploadRuns
    queue: Any
    queue_url: str
    image_bucket: str
    poll_s: int
    clock: Callable[[], float]

    def note(self, uploaded_at: int) -> None:
        """Take note of an upload; unless it changes nothing, a check will look after it has settled."""
        # It has happened, whatever another clock says: no run could ever cover a time that is still to come.
        uploaded_at = min(uploaded_at, int(self.clock()))
        for _ in range(_MOST_MOVES):
            uploads, version = self.book.read()
            if not uploads.is_news(uploaded_at):
                return
            due = self._send_check(self.trigger.settle_s + MARGIN_S)
            if self.book.write(uploads.seen(uploaded_at, due), version):
                return
        raise self._outpaced()

    def check(self, due: float) -> None:
        """Make the moves of the check that was due then."""
        for _ in range(_MOST_MOVES):
            uploads, version = self.book.read()
            move = uploads.move(due, self.clock())
            if move == "drop":
                return
            if move == "wait":
                send_check(self.queue, self.queue_url, self.trigger, due=due, now=self.clock())
                return
            after = self._made(move, uploads)
            if after is None:
                again = uploads.checked_again(self._send_check(self.poll_s))
                self.book.write(again, version)  # refused: the next check is under way all the same
                return
            self.book.write(after, version)  # refused: the next round finds what was written instead
        raise self._outpaced()

    def _made(self, move: str, uploads: Uploads) -> Uploads | None:
        """What is known after the move; None: look again later."""
        run = str(uploads.run)
        if move == "begin":
            if self.leases.of(self.trigger.model_arn) is not None:
                return None
            return uploads.begun(trigger_id(self.trigger.prefix, self.trigger.model_arn))
        if move == "start":
            return uploads.started(self.runs.start(run, self._run_input()))
        outcome = self.runs.outcome(run)
        return None if outcome == "running" else uploads.ended(was_skipped=outcome == "skipped")

    def _run_input(self) -> dict[str, Any]:
        images = {
            **self.trigger.input.get("images", {}),
            "bucket": self.image_bucket,
            "prefix": self.trigger.prefix,
        }
        return {**self.trigger.input, "images": images}

    def _send_check(self, delay_s: float) -> float:
        now = self.clock()
        due = round(now + delay_s, 3)
        send_check(self.queue, self.queue_url, self.trigger, due=due, now=now)
        return due

    def _outpaced(self) -> InternalError:
        return InternalError(
            f"the state of the uploads under {self.trigger.prefix} was changed by others {_MOST_MOVES} times in a "
            "row - nothing is lost: the queue delivers them again"
        )


def upload_watch(trigger: Trigger) -> UploadWatch:
    """The watch over a trigger of this stack."""
    mine = settings()
    return UploadWatch(
        trigger,
        UploadBook(dynamodb_client(), mine.runs_table, trigger.prefix, trigger.model_arn),
        lease_book(),
        UploadRuns(states_client(), mine.state_machine_arn),
        sqs_client(),
        mine.queue_url,
        mine.image_bucket,
        mine.model_poll_s,
        time.time,
    )
