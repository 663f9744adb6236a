"""Writes the images of a batch to S3 in shards of growing size, several shards at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType

from lambdas.batch.shards.listed_object import ListedObject, as_file

# Shards are claimed from the last to the first, so the smallest are worked last: then all workers end together.
FIRST_IMAGES, MORE_IMAGES, MAX_IMAGES = 10, 2, 250  # images of the first shard, more in each following one, and at most
WRITERS = 8  # with one of them the writes of 1,000,000 images would take longer than their listing


def images_of(number: int) -> int:
    """The number of images in a shard that is full."""
    return min(MAX_IMAGES, FIRST_IMAGES + MORE_IMAGES * number)


class ShardWriter:
    """Numbers the shards from `first` on. `put` writes a shard's number and content. A context manager."""

    def __init__(self, put: Callable[[int, bytes], None], first: int = 0) -> None:
        self._put = put
        self._next = first
        self._open: list[ListedObject] = []
        self._threads = ThreadPoolExecutor(WRITERS)
        self._writing: set[Future[None]] = set()

    @property
    def next_shard(self) -> int:
        """The number of the next shard, which is the number of shards after `flush`."""
        return self._next

    def add(self, listed: ListedObject) -> None:
        """Add an image. Raises what an earlier write raised."""
        self._open.append(listed)
        if len(self._open) == images_of(self._next):
            self._write()

    def flush(self) -> None:
        """Write the rest, and wait for all writes. Raises what a write raised."""
        if self._open:
            self._write()
        self._wait_for(0)

    def _write(self) -> None:
        self._wait_for(2 * WRITERS)  # so that the images in memory are few
        self._writing.add(self._threads.submit(self._put, self._next, as_file(self._open)))
        self._next += 1
        self._open = []

    def _wait_for(self, max_writing: int) -> None:
        while len(self._writing) > max_writing:
            done, self._writing = wait(self._writing, return_when=FIRST_COMPLETED)
            for each in done:
                each.result()

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._threads.shutdown(cancel_futures=True)
