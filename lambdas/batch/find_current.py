"""Finds the images with a current result before the model is started: if there are no others, it never is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import time

from lambdas.batch.shard_task import ShardTask, list_results, store_of_shard
from lambdas.batch.shards.record import Traffic
from lambdas.batch.shards.store import ShardFiles, ShardTable, save_turn, take_turn
from lambdas.load.histogram import LatencyHistogram
from lambdas.processing.image_work import Processing

CHECKERS = 16  # results looked up at once


def find_current(table: ShardTable, files: ShardFiles, processing: Processing, is_over: Callable[[], bool]) -> None:
    """Record the images whose result is current, shard by shard until the time is over. Nothing is sent.

    All other images stay without an outcome, also those that would fail. It is a round of its own.

    Raises:
        ClientError, BotoCoreError: S3 or the table fails.
    """
    if not processing.has_files:
        return
    with ThreadPoolExecutor(CHECKERS) as threads:
        while not is_over() and (turn := take_turn(table, files)) is not None:
            shard_processing = store_of_shard(processing)
            tasks = [ShardTask(position, listed, shard_processing, time) for position, listed in turn.open_images]
            list_results(shard_processing, tasks)
            list(threads.map(ShardTask.find_current, tasks))
            current_tasks = [task for task in tasks if task.is_current]
            for task in current_tasks:
                task.record(turn, LatencyHistogram())
            if current_tasks:
                save_turn(table, files, turn.flush(Traffic()))
