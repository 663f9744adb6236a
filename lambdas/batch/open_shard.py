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
    unsent_tasks: deque[ShardTask]
    worked_since: float = 0.0
    sent_tasks: list[ShardTask] = field(default_factory=list)
    finished_tasks: list[ShardTask] = field(default_factory=list)
    # These wait for the end of the round: they had an error that may pass, or S3 did not take their result.
    waiting_tasks: list[ShardTask] = field(default_factory=list)
    saving: Future[bool] | None = None
    saving_count: int = 0  # images that are being recorded
    is_ours: bool = True  # until another worker has recorded the same turn

    @property
    def unsaved_count(self) -> int:
        """The images that another worker would send again."""
        return len(self.sent_tasks) + len(self.finished_tasks) + self.saving_count

    @property
    def is_settled(self) -> bool:
        """Whether none of its images is to be sent now, or has no reply."""
        return not self.unsent_tasks and not self.sent_tasks

    @property
    def is_done(self) -> bool:
        """Whether all of its images are recorded."""
        return self.is_settled and not self.waiting_tasks and not self.finished_tasks and self.saving is None

    @property
    def unrecorded_tasks(self) -> list[ShardTask]:
        """The images that are not recorded yet."""
        return [*self.finished_tasks, *self.waiting_tasks, *self.sent_tasks, *self.unsent_tasks]

    def look(self) -> None:
        """Sort the images by what became of them, and find out whether the last save is over. Raises what it raised."""
        still_sent: list[ShardTask] = []
        for task in self.sent_tasks:
            is_waiting = task.is_waiting or task.has_unwritten_result
            (self.finished_tasks if task.is_over else self.waiting_tasks if is_waiting else still_sent).append(task)
        self.sent_tasks = still_sent
        if self.saving is not None and self.saving.done():
            self.is_ours = self.saving.result()
            self.saving, self.saving_count = None, 0
