"""One worker's round: it claims shards, sends their images at the model's pace, and records what became of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from lambdas.batch.shard_task import ShardTask, look_around, store_of_shard
from lambdas.batch.shards.record import Traffic
from lambdas.batch.shards.store import ShardFiles, ShardTable, save_turn, take_turn
from lambdas.batch.shards.turn import ShardTurn
from lambdas.load.histogram import LatencyHistogram
from lambdas.processing.image_work import Processing


class Sent(Protocol):
    """What `send` counted. `paced_s` are the seconds in which requests waited for a slot of the pace."""

    @property
    def requests(self) -> int:
        """All requests."""

    @property
    def throttled(self) -> int:
        """Requests that the model throttled; none of these replies reaches a task."""

    @property
    def paced_s(self) -> float:
        """Seconds."""

    @property
    def gone(self) -> bool:
        """Whether the model does not run any more."""


Send = Callable[[Iterator[ShardTask]], Sent]


@dataclass
class _OpenShard:
    """A shard whose images are under way."""

    turn: ShardTurn
    tasks: list[ShardTask]
    since: float

    @property
    def is_over(self) -> bool:
        """Whether all of its images have an outcome."""
        return all(task.is_over for task in self.tasks)


class RoundWork:
    """The shards of one worker. `send` takes the tasks one after the other, and ends when the round does."""

    def __init__(self, table: ShardTable, files: ShardFiles, processing: Processing, now: Callable[[], float]) -> None:
        self._table, self._files, self._processing, self._now = table, files, processing, now
        self._open: list[_OpenShard] = []
        self._saves: list[Future[None]] = []
        self._finished = 0  # requests whose replies reached a task

    def run(self, send: Send, until: float, sleep: Callable[[float], None] = time.sleep) -> list[Sent]:
        """Claim and send until `until` (epoch seconds). Images without an outcome then are left to the next round.

        Raises:
            AccessDenied: a right is missing.
            ClientError, BotoCoreError: a file or the account can't be read or written; the shard is handed out again.
        """
        with ThreadPoolExecutor(2) as background:
            sent = [send(self._tasks(background))]
            for each in self._saves:
                each.result()
        while not sent[-1].gone and (waiting := self._waiting()) and (moment := self._now()) < until:
            due = [task for task in waiting if task.not_before <= moment]
            if due:
                sent.append(send(iter(due)))
            else:
                sleep(min(until, min(task.not_before for task in waiting)) - moment)
        finished = self._finished + sum(task.requests for shard in self._open for task in shard.tasks)
        requests, throttled = sum(each.requests for each in sent), sum(each.throttled for each in sent)
        # A round that was broken off did not count its requests.
        extra = Traffic(max(0, requests - finished), throttled, paced_seconds=sum(each.paced_s for each in sent))
        for shard in self._open:
            self._save(shard, extra)
            extra = Traffic()
        self._open = []
        return sent

    def _waiting(self) -> list[ShardTask]:
        """The images that had an error that may pass."""
        return [task for shard in self._open for task in shard.tasks if task.is_waiting]

    def _tasks(self, background: Executor) -> Iterator[ShardTask]:
        """The images of one shard after the other. While one is sent, the next is claimed and the last one saved."""
        following = background.submit(self._claim)
        while (shard := following.result()) is not None:
            self._open.append(shard)
            following = background.submit(self._claim)
            yield from shard.tasks
            self._save_finished(background)

    def _claim(self) -> _OpenShard | None:
        """Claim a shard and find out which results it has. A shard that is never sent from stays as it was."""
        turn = take_turn(self._table, self._files)
        if turn is None:
            return None
        processing = store_of_shard(self._processing)
        tasks = [ShardTask(position, each, processing, self._now) for position, each in turn.open]
        look_around(processing, tasks)
        return _OpenShard(turn, tasks, self._now())

    def _save_finished(self, background: Executor) -> None:
        """Save the shards that are over, but keep one for the counts that are known at the end of the round only."""
        for shard in [each for each in self._open[:-1] if each.is_over]:
            self._finished += sum(task.requests for task in shard.tasks)
            self._saves.append(background.submit(self._save, shard, Traffic()))
            self._open.remove(shard)

    def _save(self, shard: _OpenShard, extra: Traffic) -> None:
        latencies = LatencyHistogram()
        for task in shard.tasks:
            task.record(shard.turn, latencies)
        requests = sum(task.requests for task in shard.tasks)
        own = Traffic(requests, seconds=self._now() - shard.since, latencies=latencies.as_mapping())
        save_turn(self._table, self._files, shard.turn.flush(own.plus(extra)))
