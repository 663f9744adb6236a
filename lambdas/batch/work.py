"""One worker's round: it claims shards, sends their images at the model's pace, and records what became of them.

A shard is recorded once all of its images have an outcome. Without a file for each image, answers are lost with a
worker that dies: then half a shard is recorded at a time, and a worker never has more images that are sent and not
recorded than one shard has.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Protocol

from lambdas.batch.open_shard import OpenShard
from lambdas.batch.shard_task import ShardTask, list_results, store_of_shard
from lambdas.batch.shards.record import Traffic
from lambdas.batch.shards.store import ShardFiles, ShardTable, save_turn, take_turn
from lambdas.load.histogram import LatencyHistogram
from lambdas.processing.image_work import Processing


class Sent(Protocol):
    """What `send` counted."""

    @property
    def requests(self) -> int:
        """The number of requests."""

    @property
    def throttled(self) -> int:
        """Requests that the model throttled; none of these replies reaches a task."""

    @property
    def paced_s(self) -> float:
        """The seconds in which requests waited for a slot of the pace."""

    @property
    def model_is_gone(self) -> bool:
        """Whether the model does not run any more."""


Send = Callable[[Iterator[ShardTask | None]], Sent]
CLAIMS_AHEAD = 2  # the last ones of a batch are small, and are sent as fast as the next one is claimed
BACKGROUND_THREADS = 4  # two claim the next shards, two record what became of the last ones


class RoundWork:
    """The shards of one worker. `send` takes the tasks one after the other, and ends when the round does."""

    def __init__(self, table: ShardTable, files: ShardFiles, processing: Processing, now: Callable[[], float]) -> None:
        self._table, self._files, self._processing, self._now = table, files, processing, now
        self._open_shards: list[OpenShard] = []
        self._finished_requests = 0  # requests whose replies reached a task that is recorded
        self._largest_shard = 0  # images of the largest shard

    def run(self, send: Send, until: float, sleep: Callable[[float], None] = time.sleep) -> list[Sent]:
        """Claim and send until `until` (epoch seconds). Images without an outcome then are left to the next round.

        Raises:
            AccessDenied: a right is missing.
            ClientError, BotoCoreError: a file or the tally can't be read or written; the shard is handed out again.
        """
        with ThreadPoolExecutor(BACKGROUND_THREADS) as background:
            sent = [send(self._tasks(background))]
        self._look()
        while (
            not sent[-1].model_is_gone and (waiting_tasks := self._waiting_tasks()) and (moment := self._now()) < until
        ):
            due_tasks = [task for task in waiting_tasks if task.not_before <= moment]
            if due_tasks:
                sent.append(send(iter(due_tasks)))
            else:
                sleep(min(until, min(task.not_before for task in waiting_tasks)) - moment)
        open_tasks = [task for shard in self._open_shards for task in shard.unrecorded_tasks]
        finished_requests = self._finished_requests + sum(task.requests for task in open_tasks)
        requests, throttled = sum(part.requests for part in sent), sum(part.throttled for part in sent)
        # A round that was broken off did not count its requests.
        extra_traffic = Traffic(
            max(0, requests - finished_requests), throttled, paced_seconds=sum(part.paced_s for part in sent)
        )
        for shard in self._open_shards:
            self._save(shard, shard.unrecorded_tasks, extra_traffic)
            extra_traffic = Traffic()
        self._open_shards = []
        return sent

    def _waiting_tasks(self) -> list[ShardTask]:
        """The images that had an error that may pass."""
        return [task for shard in self._open_shards for task in shard.waiting_tasks if task.is_waiting]

    def _tasks(self, background: Executor) -> Iterator[ShardTask | None]:
        """The images of one shard after the other. While one is sent, the next is claimed and the last one saved.

        Yields None while no image may be sent: the next shard is not claimed yet, or too many images are not recorded.
        """
        claims = deque(background.submit(self._claim) for _ in range(CLAIMS_AHEAD))
        while claims:
            while not claims[0].done():
                self._save_due(background)
                yield None
            if (shard := claims.popleft().result()) is None:
                continue
            shard.worked_since = self._now()
            self._open_shards.append(shard)
            self._largest_shard = max(self._largest_shard, shard.turn.size)
            claims.append(background.submit(self._claim))
            while shard.unsent_tasks and shard.is_ours:
                self._save_due(background)
                if self._is_full():
                    yield None
                    continue
                shard.sent_tasks.append(shard.unsent_tasks.popleft())
                yield shard.sent_tasks[-1]
        while any(shard.sent_tasks for shard in self._open_shards):
            self._save_due(background)
            yield None

    def _is_full(self) -> bool:
        """Whether a worker that dies now would lose the answers of a whole shard."""
        return (
            not self._processing.has_files
            and sum(shard.unsaved_count for shard in self._open_shards) >= self._largest_shard
        )

    def _claim(self) -> OpenShard | None:
        """Claim a shard and find out which results it has. A shard that is never sent from stays as it was."""
        turn = take_turn(self._table, self._files)
        if turn is None:
            return None
        processing = store_of_shard(self._processing)
        tasks = [ShardTask(position, listed, processing, self._now) for position, listed in turn.open_images]
        list_results(processing, tasks)
        return OpenShard(turn, deque(tasks))

    def _look(self) -> None:
        for shard in self._open_shards:
            shard.look()
        self._open_shards = [shard for shard in self._open_shards if shard.is_ours]

    def _save_due(self, background: Executor) -> None:
        """Save what is over, but keep the last shard for the counts that are known at the end of the round only."""
        self._look()
        self._open_shards = [
            shard for shard in self._open_shards if not shard.is_done or shard is self._open_shards[-1]
        ]
        for shard in self._open_shards:
            is_half = not self._processing.has_files and 2 * len(shard.finished_tasks) >= self._largest_shard
            is_due = is_half or (shard.is_settled and shard is not self._open_shards[-1])
            if is_due and shard.finished_tasks and shard.saving is None:
                tasks, shard.finished_tasks = shard.finished_tasks, []
                self._finished_requests += sum(task.requests for task in tasks)
                shard.saving_count = len(tasks)
                shard.saving = background.submit(self._save, shard, tasks, Traffic())

    def _save(self, shard: OpenShard, tasks: Sequence[ShardTask], extra_traffic: Traffic) -> bool:
        """Record these images in a turn. Returns False if another worker has recorded the same turn."""
        latencies, moment = LatencyHistogram(), self._now()
        for task in tasks:
            task.record(shard.turn, latencies)
        requests = sum(task.requests for task in tasks)
        own_traffic = Traffic(requests, seconds=moment - shard.worked_since, latencies=latencies.as_mapping())
        turn_files = shard.turn.flush(own_traffic.plus(extra_traffic))
        shard.worked_since, shard.turn = moment, shard.turn.next_turn(turn_files.record)
        return save_turn(self._table, self._files, turn_files)
