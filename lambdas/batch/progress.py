"""The progress of a batch after a round, from the tally of its shards. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from lambdas.batch.next_round import BatchProgress
from lambdas.batch.shards.record import ShardRecord, Shards


def progress_after(
    shards: Shards, records: Sequence[ShardRecord], earlier: BatchProgress | None, *, has_new_units: bool = False
) -> BatchProgress:
    """The progress after a round whose workers have all ended.

    `shards` has the order of the next round. `earlier` is the progress before the round; None before the first one.
    After `has_new_units` the rate of the model's present units is not known yet.
    """
    tally = shards.tally(records)
    idle_rounds = rounds_with_units = 0
    if earlier is not None and not has_new_units:
        idle_rounds = earlier.idle_rounds + 1 if tally.left == earlier.remaining else 0
        rounds_with_units = earlier.rounds_with_units + 1
    return BatchProgress(
        tally.listed, tally.current, tally.done, tally.failed, shards.waiting, idle_rounds, rounds_with_units
    )
