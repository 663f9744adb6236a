"""Every listed image has exactly one outcome, wherever workers die and runs stop."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import boto3
import pytest
from moto import mock_aws

from iu_tuner.contract.batch.output import BatchImages, FailedImage
from lambdas.batch.shards.listed_object import ListedObject, as_file
from lambdas.batch.shards.names import shard_key
from lambdas.batch.shards.record import Shards, Traffic
from lambdas.batch.shards.resume import resume
from lambdas.batch.shards.store import DynamoShardTable, ShardFiles, ShardTable, save_turn, take_turn
from lambdas.batch.shards.turn import failures_of
from tests.unit.batch.memory import MemoryS3, MemoryTable

RUNS = 1000
BUCKET = "reports"


class Killed(Exception):
    """A worker dies at this point."""


class MortalFiles(ShardFiles):
    """Files whose worker may die before or after each write."""

    def write(self, key: str, content: bytes, content_type: str = "") -> None:
        may_die()
        super().write(key, content, content_type)
        may_die()


chance = random.Random(0)
deadly = 0.0


def may_die() -> None:
    if chance.random() < deadly:
        raise Killed


def worker(table: ShardTable, files: ShardFiles) -> Iterator[None]:
    """One worker of a round. It may die, or run out of time, between any two of its moves."""
    while True:
        may_die()
        turn = take_turn(table, files)
        if turn is None:
            return
        may_die()
        for position, each in turn.open_images:
            yield
            may_die()
            match chance.choices(("done", "current", "poison", "busy", "late"), (80, 5, 4, 4, 7))[0]:
                case "done":
                    turn.record_done(position, json.dumps({"key": each.key}))
                case "current":
                    turn.record_current(position)
                case "poison":
                    turn.record_failure(position, FailedImage(each.key, "InvalidImageFormatException", "", 1, True))
                case "busy":
                    turn.record_failure(position, FailedImage(each.key, "RequestTimeout", "", 5, False))
                case "late":
                    break
        save_turn(table, files, turn.flush(Traffic(requests=1)))


def play_round(table: ShardTable, files: ShardFiles, workers: int) -> None:
    table.plan(table.load().next_round(table.records()))
    running = [worker(table, files) for _ in range(workers)]
    while running:
        each = chance.choice(running)
        try:
            next(each)
        except (StopIteration, Killed):
            running.remove(each)


def fates(tables: list[ShardTable], files: list[ShardFiles]) -> Counter[str]:
    """Each key with a detections line or a failure, by the files that the records name, in a chain of runs.

    A failure that is not permanent counts in the last run only, as the next one lists its image again.
    """
    known = Counter[str]()
    for number, (table, of_run) in enumerate(zip(tables, files, strict=True)):
        for record in table.records():
            for part in record.parts:
                lines = of_run.read(part.key).decode().splitlines()
                assert len(lines) == part.lines
                known.update(json.loads(line)["key"] for line in lines)
            for part in record.failures:
                failures = failures_of(of_run.read(part.key))
                known.update(each.key for each in failures if each.permanent or number == len(tables) - 1)
    return known


def balance(tally: BatchImages) -> bool:
    return tally.listed == tally.current + tally.done + tally.failed + tally.left


def create(table: ShardTable, files: ShardFiles, images: int, per_shard: int) -> list[str]:
    keys = [f"{number}.jpg" for number in range(images)]
    shards = [keys[start : start + per_shard] for start in range(0, images, per_shard)]
    for number, each in enumerate(shards):
        content = as_file(ListedObject(key, "e", 1) for key in each)
        ShardFiles.write(files, shard_key(files.run_id, number), content)
    table.create(Shards(len(shards), BatchImages(listed=images)))
    return keys


def check_a_run(tables: list[ShardTable], files: list[ShardFiles], images: int, rounds: int) -> None:
    """A run with dying workers that is stopped after some rounds, a run that resumes it, and one that ends it all."""
    global deadly
    keys = create(tables[0], files[0], images, per_shard=chance.randint(1, 6))
    for number, (table, of_run) in enumerate(zip(tables, files, strict=True)):
        if number:
            steady = ShardFiles(of_run.s3, BUCKET, of_run.run_id)
            shards = resume(tables[number - 1], files[number - 1], steady)
            if chance.random() < 0.05:  # a state that is repeated
                assert resume(tables[number - 1], files[number - 1], steady) == shards
            table.create(shards)
        is_last = number == len(tables) - 1
        for _ in range(rounds if not is_last else 200):
            deadly = 0.0 if is_last else chance.choice((0.0, 0.02, 0.2))
            play_round(table, of_run, workers=chance.randint(1, 3))
            tally = table.load().tally(table.records())
            assert balance(tally)
            assert tally.listed == images
            assert all(
                record.lines == record.current + record.done + record.failed + len(record.left)
                for record in table.records()
            )
            if is_last and not tally.left:
                break
        known = fates(tables[: number + 1], files[: number + 1])
        tally = table.load().tally(table.records())
        assert set(known) <= set(keys)
        assert set(known.values()) <= {1}
        assert len(known) == tally.done + tally.failed
    assert tally.left == 0
    assert tally.current + len(known) == images


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    chance.seed(13)
    yield


def test_a_thousand_runs_with_faults_account_for_every_image() -> None:
    for _ in range(RUNS):
        s3 = MemoryS3()
        tables = [MemoryTable() for _ in range(3)]
        files = [MortalFiles(s3, BUCKET, f"run-{run}") for run in range(3)]

        check_a_run([*tables], [*files], images=chance.randint(0, 30), rounds=chance.randint(0, 4))


def test_the_account_in_dynamodb_does_what_the_one_in_memory_does() -> None:
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name="us-east-1")
        names = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")]
        dynamodb.create_table(
            TableName="runs",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=names,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )
        s3 = MemoryS3()
        tables: list[ShardTable] = [DynamoShardTable(dynamodb, "runs", f"run-{run}") for run in range(3)]
        files: list[ShardFiles] = [ShardFiles(s3, BUCKET, f"run-{run}") for run in range(3)]

        check_a_run(tables, files, images=9, rounds=2)

        first = tables[0].records()[0]
        assert not tables[0].put(first)
        assert tables[0].put(replace(first, turn=first.turn + 1))
        with pytest.raises(KeyError):
            DynamoShardTable(dynamodb, "runs", "none").load()


def test_claims_hand_out_unfinished_shards_first_and_each_one_once() -> None:
    table = MemoryTable()
    table.create(Shards(5, BatchImages(listed=5)))
    assert [table.claim(), table.claim()] == [4, 3]  # neither leaves a record
    table.plan(table.load().next_round([]))

    assert [table.claim() for _ in range(7)] == [4, 3, 2, 1, 0, None, None]
