"""The progress of a batch after a round, from the tally of its shards. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from lambdas.batch.next_round import BatchProgress
from lambdas.batch.shards.record import ShardRecord, Shards


def progress_after(
    shards: Shards,
    records: Sequence[ShardRecord],
    progress_before: BatchProgress | None,
    *,
    has_new_units: bool = False,
) -> BatchProgress:
    """The progress after a round whose workers have all ended.

    `shards` has the order of the next round. `progress_before` is that before the round; None before the first.
    After `has_new_units` the rate of the model's present units is not known yet.
    """
    tally = shards.tally(records)
    idle_rounds = rounds_with_units = 0
    if progress_before is not None and not has_new_units:
        idle_rounds = progress_before.idle_rounds + 1 if tally.left == progress_before.remaining else 0
        rounds_with_units = progress_before.rounds_with_units + 1
    return BatchProgress(
        tally.listed, tally.current, tally.done, tally.failed, shards.claimable_count, idle_rounds, rounds_with_units
    )
