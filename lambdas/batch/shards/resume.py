"""A run that resumes an earlier one: it lists only what that one left, or what failed there for a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from iu_tuner.contract.batch.output import BatchImages
from lambdas.batch.shards.listed_object import ListedObject
from lambdas.batch.shards.names import shard_key
from lambdas.batch.shards.record import ShardRecord, Shards
from lambdas.batch.shards.store import ShardFiles, ShardTable
from lambdas.batch.shards.turn import failures_of
from lambdas.batch.shards.writer import ShardWriter


def resume(earlier_table: ShardTable, earlier_files: ShardFiles, files: ShardFiles) -> Shards:
    """Write the shards of the new run, and return them. The earlier run must have ended.

    Raises:
        KeyError: the earlier run has listed nothing, or its tally has expired.
    """
    old_shards, records = earlier_table.load(), {record.number: record for record in earlier_table.records()}
    with ShardWriter(lambda number, content: files.write(shard_key(files.run_id, number), content)) as writer:
        for listed in _unfinished(old_shards, records, earlier_files):
            writer.add(listed)
        writer.flush()
        total = writer.next_shard
    tally = old_shards.tally(records.values())
    again_count, other_images = _divide(tally, records)
    images = replace(tally, listed=again_count, current=0, done=0, failed=0, left=0)
    return Shards(total, images, resumed=earlier_files.run_id, before=other_images)


def _unfinished(old_shards: Shards, records: Mapping[int, ShardRecord], files: ShardFiles) -> Iterator[ListedObject]:
    """The images without an outcome, and those that failed with an error that is not permanent."""
    for number in range(old_shards.total):
        record = records.get(number)
        if record is not None and not record.left and not record.temporary:
            continue
        objects = files.objects(number)
        if record is None:
            yield from objects
            continue
        failures = (each for part in record.failures for each in failures_of(files.read(part.key)))
        temporary = {each.key for each in failures if not each.permanent}
        left_positions = set(record.left)
        yield from (
            each for position, each in enumerate(objects) if position in left_positions or each.key in temporary
        )


def _divide(tally: BatchImages, records: Mapping[int, ShardRecord]) -> tuple[int, BatchImages]:
    """The number of images to list again, and the counts of all others."""
    temporary = sum(record.temporary for record in records.values())
    again_count = tally.left + temporary
    return again_count, replace(tally, listed=tally.listed - again_count, failed=tally.failed - temporary, left=0)
