"""Writes the images of a batch to S3 in shards of growing size, several shards at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType

from lambdas.batch.shards.listed_object import ListedObject, as_file

# Shards are claimed from the last to the first, so the smallest are worked last: then all workers end together.
FIRST_SHARD_IMAGES, MORE_IMAGES_PER_SHARD, MAX_SHARD_IMAGES = 10, 2, 250
WRITERS = 8  # with one of them the writes of 1,000,000 images would take longer than their listing


def images_of(number: int) -> int:
    """The number of images in a shard that is full."""
    return min(MAX_SHARD_IMAGES, FIRST_SHARD_IMAGES + MORE_IMAGES_PER_SHARD * number)


class ShardWriter:
    """Numbers the shards from `first_number` on. `put` writes a shard's number and content. A context manager."""

    def __init__(self, put: Callable[[int, bytes], None], first_number: int = 0) -> None:
        self._put = put
        self._next_number = first_number
        self._images: list[ListedObject] = []
        self._threads = ThreadPoolExecutor(WRITERS)
        self._writes: set[Future[None]] = set()

    @property
    def next_shard(self) -> int:
        """The number of the next shard, which is the number of shards after `flush`."""
        return self._next_number

    def add(self, listed: ListedObject) -> None:
        """Add an image. Raises what an earlier write raised."""
        self._images.append(listed)
        if len(self._images) == images_of(self._next_number):
            self._write()

    def flush(self) -> None:
        """Write the rest, and wait for all writes. Raises what a write raised."""
        if self._images:
            self._write()
        self._wait_for(0)

    def _write(self) -> None:
        self._wait_for(2 * WRITERS)  # so that the images in memory are few
        self._writes.add(self._threads.submit(self._put, self._next_number, as_file(self._images)))
        self._next_number += 1
        self._images = []

    def _wait_for(self, max_writes: int) -> None:
        while len(self._writes) > max_writes:
            done, self._writes = wait(self._writes, return_when=FIRST_COMPLETED)
            for write in done:
                write.result()

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)
