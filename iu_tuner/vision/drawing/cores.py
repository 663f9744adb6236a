"""Applies a function to many images, on all cores."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import TypeVar

from iu_tuner.exit_codes import ClientError

MIN_PARALLEL_IMAGES = 24  # images: with fewer, starting the processes takes longer than the work
_BATCH_SIZE = 512  # images that are in memory, as their labels or their results
_CHUNK_SIZE = 8  # images that a process takes at a time
Item = TypeVar("Item")
Value = TypeVar("Value")


def on_all_cores(function: Callable[[Item], Value], items: Iterable[Item]) -> Iterator[Value]:
    """The value of each item, in order: from a process for each core, unless there are few items.

    `function`, items and values must be such as can be pickled.

    Raises:
        ClientError: the operating system has ended a process, as it does when memory runs out.
    """
    remaining_items = iter(items)
    batch = list(islice(remaining_items, MIN_PARALLEL_IMAGES))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if len(batch) < MIN_PARALLEL_IMAGES or cores == 1:
        yield from map(function, batch)
        yield from map(function, remaining_items)
        return
    try:
        with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn")) as pool:
            while batch:
                yield from pool.map(function, batch, chunksize=_CHUNK_SIZE)
                batch = list(islice(remaining_items, _BATCH_SIZE))
    except BrokenProcessPool:
        raise ClientError("a process that drew images was ended from outside: is there enough memory?") from None
