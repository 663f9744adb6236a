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

FEW = 24  # images: with fewer, starting the processes takes longer than the work
_AT_ONCE = 512  # images that are in memory, as their labels or their results
_CHUNK = 8  # images that a process takes at a time
Item = TypeVar("Item")
Value = TypeVar("Value")


def on_all_cores(function: Callable[[Item], Value], items: Iterable[Item]) -> Iterator[Value]:
    """The value of each item, in order: from a process for each core, unless there are few items.

    `function`, items and values must be such as can be pickled.

    Raises:
        ClientError: the operating system has ended a process, as it does when memory runs out.
    """
    rest = iter(items)
    some = list(islice(rest, FEW))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if len(some) < FEW or cores == 1:
        yield from map(function, some)
        yield from map(function, rest)
        return
    try:
        with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn")) as pool:
            while some:
                yield from pool.map(function, some, chunksize=_CHUNK)
                some = list(islice(rest, _AT_ONCE))
    except BrokenProcessPool:
        raise ClientError("a process that drew images was ended from outside: is there enough memory?") from None
