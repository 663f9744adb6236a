"""The account and the files of a batch in memory."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from lambdas.batch.shards.record import ShardRecord, Shards


class MemoryTable:
    """A `ShardTable` in memory, with the conditions of the one in DynamoDB."""

    def __init__(self) -> None:
        self.shards: Shards | None = None
        self.kept: dict[int, ShardRecord] = {}

    def create(self, shards: Shards) -> None:
        self.shards = shards

    plan = create

    def load(self) -> Shards:
        if self.shards is None:
            raise KeyError("SHARDS")
        return self.shards

    def claim(self) -> int | None:
        shards = self.load()
        self.shards = replace(shards, claims=shards.claims + 1)
        return shards.shard_of_claim(shards.claims)

    def record(self, number: int) -> ShardRecord | None:
        return self.kept.get(number)

    def records(self) -> list[ShardRecord]:
        return [self.kept[number] for number in sorted(self.kept)]

    def put(self, record: ShardRecord) -> bool:
        before = self.kept.get(record.number)
        if before is not None and before.turn >= record.turn:
            return False
        self.kept[record.number] = record
        return True


class MemoryS3:
    """The files, which outlive a worker."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.objects[Key]), "ETag": '"e"'}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:
        self.objects[Key] = Body
