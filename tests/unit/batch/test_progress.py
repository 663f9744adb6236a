"""The progress of a batch: what the account says, and the rounds in which nothing ended."""

from __future__ import annotations

from iu_tuner.contract.batch.output import BatchImages
from lambdas.batch.progress import progress_after
from lambdas.batch.shards.record import ShardRecord, Shards

SHARDS = Shards(3, BatchImages(listed=30))
ONE_DONE = [ShardRecord(2, 1, 10, 1, 7, 2, 1, ())]


def test_the_progress_is_that_of_the_account() -> None:
    first = progress_after(SHARDS, [], None)
    assert (first.remaining, first.shards_waiting, first.idle_rounds, first.rounds_with_units) == (30, 3, 0, 0)

    second = progress_after(Shards(3, SHARDS.images, handed_out=1), ONE_DONE, first)
    assert (second.current, second.done, second.failed, second.remaining) == (1, 7, 2, 20)
    assert (second.shards_waiting, second.idle_rounds, second.rounds_with_units) == (2, 0, 1)


def test_rounds_in_which_nothing_ended_are_counted_until_something_does() -> None:
    progress = progress_after(SHARDS, [], None)
    for expected in (1, 2):
        progress = progress_after(SHARDS, [], progress)
        assert progress.idle_rounds == expected

    assert progress_after(SHARDS, ONE_DONE, progress).idle_rounds == 0
    restarted = progress_after(SHARDS, [], progress, has_new_units=True)
    assert (restarted.idle_rounds, restarted.rounds_with_units) == (0, 0)
