"""The shards of a run: their files in S3, and their account in the runs table.

| pk           | sk             | holds                                                            |
|--------------|----------------|------------------------------------------------------------------|
| RUN#<runId>  | SHARDS         | the number of shards, the order of this round, the claims so far |
| RUN#<runId>  | SHARD#<nnnnnn> | what became of one shard's images, written at the end of a turn  |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from iu_tuner.contract.names import run_pk
from lambdas.aws.table import COUNTS_KEPT_S, Json, Partition
from lambdas.batch.shards.listed_object import ListedObject, of_file
from lambdas.batch.shards.names import shard_key
from lambdas.batch.shards.record import ShardRecord, Shards
from lambdas.batch.shards.turn import ShardTurn, TurnFiles

_SHARDS, _RECORD = Json(Shards), Json(ShardRecord)
_IS_NEWER = "attribute_not_exists(turn) OR turn < :turn"


class ShardTable(Protocol):
    """The account of one run."""

    def create(self, shards: Shards) -> None:
        """Save the shards after the listing."""

    def load(self) -> Shards:
        """The shards with the number of claims in this round. Raises KeyError if nothing is listed."""

    def plan(self, shards: Shards) -> None:
        """Save the order of a new round. No worker may run."""

    def claim(self) -> int | None:
        """Claim the next shard of this round, which no other worker gets. Returns None if there is none."""

    def record(self, number: int) -> ShardRecord | None:
        """What became of a shard's images. Returns None before the end of its first turn."""

    def records(self) -> list[ShardRecord]:
        """All records, by number."""

    def put(self, record: ShardRecord) -> bool:
        """Save a record. Returns False if one of a later turn, or another one of this turn, is there."""


class DynamoShardTable:
    """A `ShardTable` in the runs table."""

    def __init__(self, dynamodb: Any, table: str, run_id: str) -> None:
        self._items = Partition(dynamodb, table, run_pk(run_id), kept_s=COUNTS_KEPT_S)

    def create(self, shards: Shards) -> None:
        """Save the shards after the listing."""
        self.plan(shards)

    def load(self) -> Shards:
        """The shards with the number of claims in this round. Raises KeyError if nothing is listed."""
        return _read_shards(self._items.get("SHARDS"))

    def plan(self, shards: Shards) -> None:
        """Save the order of a new round. No worker may run."""
        self._items.put("SHARDS", {"order": _SHARDS.text(shards), "claims": shards.claims})

    def claim(self) -> int | None:
        """Claim the next shard of this round. One write, however many workers claim at the same time."""
        item = self._items.add("SHARDS", "claims", 1)
        return _read_shards(item).shard_of_claim(int(item["claims"]) - 1)

    def record(self, number: int) -> ShardRecord | None:
        """What became of a shard's images. Returns None before the end of its first turn."""
        try:
            return _RECORD.read(self._items.get(_sk(number))["record"])
        except KeyError:
            return None

    def records(self) -> list[ShardRecord]:
        """All records, by number."""
        return [_RECORD.read(item["record"]) for item in self._items.query("SHARD#", "SHARD#~", ("record",))]

    def put(self, record: ShardRecord) -> bool:
        """Save a record. Returns False if one of a later turn, or another one of this turn, is there."""
        values = {"turn": record.turn, "record": _RECORD.text(record)}
        condition_values = {":turn": record.turn}
        return (
            self._items.update(_sk(record.number), values, condition=_IS_NEWER, condition_values=condition_values)
            is not None
        )


def _read_shards(item: dict[str, Any]) -> Shards:
    shards = _SHARDS.read(item["order"])
    return Shards(**{**shards.__dict__, "claims": int(item["claims"])})


def _sk(number: int) -> str:
    return f"SHARD#{number:06}"


@dataclass(frozen=True)
class ShardFiles:
    """The shards' files in the report bucket."""

    s3: Any
    bucket: str
    run_id: str

    def objects(self, number: int) -> list[ListedObject]:
        """The images of a shard."""
        return of_file(self.read(shard_key(self.run_id, number)))

    def read(self, key: str) -> bytes:
        """The content of a file."""
        content: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return content

    def write(self, key: str, content: bytes, content_type: str = "application/x-ndjson") -> None:
        """Write a file."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType=content_type)


def take_turn(table: ShardTable, files: ShardFiles) -> ShardTurn | None:
    """Claim a shard with images without an outcome. Returns None if this round has no more."""
    while (number := table.claim()) is not None:
        turn = ShardTurn(files.run_id, number, files.objects(number), table.record(number))
        if turn.open_images:
            return turn
    return None


def save_turn(table: ShardTable, files: ShardFiles, turn_files: TurnFiles) -> bool:
    """Save the files of a turn, then its record. A worker that dies in between leaves the shard to another one."""
    for key, content in turn_files.files.items():
        files.write(key, content)
    return table.put(turn_files.record)
