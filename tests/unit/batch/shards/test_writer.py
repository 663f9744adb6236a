"""Shards grow, so that the workers of a batch end together."""

from __future__ import annotations

import pytest

from lambdas.batch.shards.listed_object import ListedObject, of_file
from lambdas.batch.shards.writer import ShardWriter, images_of


def sizes(images: int) -> list[int]:
    written: dict[int, bytes] = {}
    with ShardWriter(written.__setitem__) as writer:
        for number in range(images):
            writer.add(ListedObject(f"{number}.jpg"))
        writer.flush()
        assert writer.next_shard == len(written)
    keys = [each.key for number in sorted(written) for each in of_file(written[number])]
    assert keys == [f"{number}.jpg" for number in range(images)]
    return [len(of_file(written[number])) for number in sorted(written)]


def share_of_capacity(shards: list[int], workers: int, tps: float, most_per_worker: float) -> float:
    """The share that workers use of a model if they claim from the last shard and share its rate in virtual time."""
    waiting, busy, seconds = list(shards), [0.0] * workers, 0.0
    while waiting or any(busy):
        busy = [left or (waiting.pop() if waiting else 0) for left in busy]
        active = sum(left > 0 for left in busy)
        rate = min(most_per_worker, tps / active)
        step = min(left for left in busy if left) / rate
        seconds += step
        busy = [max(0.0, left - step * rate) if left > step * rate + 1e-9 else 0.0 for left in busy]
    return sum(shards) / tps / seconds


@pytest.mark.parametrize(
    ("images", "workers", "tps"), [(600, 2, 5), (1_200, 4, 60), (3_000, 4, 60), (54_000, 2, 25), (54_000, 20, 300)]
)
def test_workers_end_together(images: int, workers: int, tps: float) -> None:
    # A worker alone has a share of the requests in flight, with which it carries half more than its part of the rate.
    assert share_of_capacity(sizes(images), workers, tps, most_per_worker=1.5 * tps / workers) > 0.98


def test_a_shard_has_at_most_250_images() -> None:
    assert [images_of(number) for number in (0, 1, 120, 10**6)] == [10, 12, 250, 250]


def test_a_write_that_fails_fails_the_listing() -> None:
    def refuse(number: int, content: bytes) -> None:
        raise OSError(number)

    with ShardWriter(refuse) as writer, pytest.raises(OSError, match="0"):
        writer.add(ListedObject("a.jpg"))
        writer.flush()
