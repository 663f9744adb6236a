"""A shard that a worker sends from: what became of its images so far."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field

from lambdas.batch.shard_task import ShardTask
from lambdas.batch.shards.turn import ShardTurn


@dataclass
class OpenShard:
    """A shard whose images are under way: those to be sent, those that were, and those with an outcome to record."""

    turn: ShardTurn
    todo: deque[ShardTask]
    since: float = 0.0
    sent: list[ShardTask] = field(default_factory=list)
    over: list[ShardTask] = field(default_factory=list)
    waiting: list[ShardTask] = field(default_factory=list)  # for the end: an error that may pass, or S3 took no result
    saving: Future[bool] | None = None
    saved: int = 0  # images that are being recorded
    is_ours: bool = True  # until another worker has recorded the same turn

    @property
    def unsaved(self) -> int:
        """The images that another worker would send again."""
        return len(self.sent) + len(self.over) + self.saved

    @property
    def is_settled(self) -> bool:
        """Whether none of its images is to be sent now, or has no reply."""
        return not self.todo and not self.sent

    @property
    def is_done(self) -> bool:
        """Whether all of its images are recorded."""
        return self.is_settled and not self.waiting and not self.over and self.saving is None

    @property
    def left(self) -> list[ShardTask]:
        """The images that are not recorded yet."""
        return [*self.over, *self.waiting, *self.sent, *self.todo]

    def look(self) -> None:
        """Sort the images by what became of them, and find out whether the last save is over. Raises what it raised."""
        still: list[ShardTask] = []
        for task in self.sent:
            is_waiting = task.is_waiting or task.is_kept
            (self.over if task.is_over else self.waiting if is_waiting else still).append(task)
        self.sent = still
        if self.saving is not None and self.saving.done():
            self.is_ours = self.saving.result()
            self.saving, self.saved = None, 0
