"""A worker's round: shards are claimed one after the other, and each image is recorded once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from iu_tuner.contract.batch.batch_input import parse_process_input
from iu_tuner.contract.batch.output import BatchImages
from iu_tuner.contract.detections import Detections
from lambdas.batch.find_current import find_current
from lambdas.batch.listing.list_images import ListingState
from lambdas.batch.listing.listing import ImageListing
from lambdas.batch.shard_task import ShardTask
from lambdas.batch.shards.listed_object import ListedObject, as_file
from lambdas.batch.shards.names import shard_key
from lambdas.batch.shards.record import Shards, Traffic
from lambdas.batch.shards.store import ShardFiles
from lambdas.batch.work import RoundWork
from lambdas.models.outcomes import ACCEPTED, Reply
from lambdas.models.ports import Detector
from lambdas.models.rekognition.facts import FACTS
from lambdas.processing.image_result import Question, ResultKeys
from lambdas.processing.image_work import Processing
from lambdas.processing.outcomes import Rules
from lambdas.processing.result_store import ResultStore
from tests.support.fuzzed_inputs import ARN
from tests.unit.batch.memory import MemoryS3, MemoryTable
from tests.unit.processing.one_bee import OneBee

BUCKET, RUN = "images", "run-1"
KEYS = [f"incoming/{number:03}.jpg" for number in range(30)]


@dataclass
class Sender:
    """Sends up to `limit` tasks, one after the other; each one is throttled once before."""

    limit: int = 10**6
    requests: int = 0
    throttled: int = 0
    paced_s: float = 0.5
    model_is_gone: bool = False
    flaky: set[bytes] = field(default_factory=set)  # keys that fail once

    def __call__(self, tasks: Iterator[ShardTask | None]) -> Sender:
        for task in tasks:
            if task is None or (request := task.prepare()) is None:
                continue
            if self.throttled == self.limit:
                break
            self.requests += 2
            self.throttled += 1
            outcome = ACCEPTED
            if request.body.endswith(b"007.jpg"):
                outcome = "InvalidImageFormatException"
            elif request.body in self.flaky:
                self.flaky.discard(request.body)
                outcome = "InternalServerError"
            task.finish(Reply(outcome), 180.0)
        return self


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


def listed(s3: Any, images: dict[str, Any]) -> MemoryTable:
    wanted = parse_process_input({"modelArn": ARN, "images": images})
    state = ImageListing(s3, RUN, wanted, BUCKET).go_on(ListingState(), lambda: False)
    table = MemoryTable()
    table.create(Shards(state.shards, BatchImages(listed=state.listed)))
    return table


def processing_of(s3: Any, *, has_files: bool) -> Processing:
    store = ResultStore(s3, BUCKET, BUCKET, ResultKeys("results/"))
    return Processing(Question(ARN, BUCKET), Rules(FACTS), OneBee(), store, has_files=has_files)


def play(s3: Any, table: MemoryTable, sender: Sender, *, has_files: bool) -> BatchImages:
    table.plan(table.load().next_round(table.records()))
    processing = processing_of(s3, has_files=has_files)
    work = RoundWork(table, ShardFiles(s3, BUCKET, RUN), processing, now=itertools.count(1e6).__next__)
    work.run(sender, until=2e6, sleep=lambda _: None)
    return table.load().tally(table.records())


def keys_in_parts(s3: Any, table: MemoryTable) -> list[str]:
    read = ShardFiles(s3, BUCKET, RUN).read
    lines = [line for record in table.records() for part in record.parts for line in read(part.key).splitlines()]
    return [Detections.of_line(line).image.key for line in lines]


def test_a_round_that_ends_early_leaves_images_which_the_next_one_sends() -> None:
    s3, table = MemoryS3(), MemoryTable()
    for number, keys in enumerate((KEYS[:12], KEYS[12:24], KEYS[24:])):
        ShardFiles(s3, BUCKET, RUN).write(shard_key(RUN, number), as_file(ListedObject(key, "e", 9) for key in keys))
    table.create(Shards(3, BatchImages(listed=len(KEYS))))

    first = play(s3, table, Sender(limit=20), has_files=False)
    assert (first.done, first.failed, first.left) == (20, 0, 10)
    second = play(s3, table, Sender(), has_files=False)

    assert (second.done, second.failed, second.left) == (29, 1, 0)
    assert sorted(keys_in_parts(s3, table)) == [key for key in KEYS if "007" not in key]
    traffic = reduce(Traffic.plus, (record.traffic for record in table.records()), Traffic())
    assert (traffic.requests, traffic.throttled, traffic.paced_seconds) == (60, 30, 1.0)
    assert sum(traffic.latencies.values()) == 30


def test_an_error_that_may_pass_is_tried_again_in_the_same_round() -> None:
    s3, table = MemoryS3(), MemoryTable()
    ShardFiles(s3, BUCKET, RUN).write(shard_key(RUN, 0), as_file(ListedObject(key, "e", 9) for key in KEYS[8:12]))
    table.create(Shards(1, BatchImages(listed=4)))

    tally = play(s3, table, Sender(flaky={KEYS[8].encode(), KEYS[11].encode()}), has_files=False)

    assert (tally.done, tally.failed, tally.left) == (4, 0, 0)
    assert sorted(keys_in_parts(s3, table)) == KEYS[8:12]


@pytest.mark.parametrize("sizes", [(8, 16, 14, 12, 10), (3, 40, 1, 1, 30), (250, 248)])
def test_a_worker_that_dies_loses_the_answers_of_one_shard_at_most(sizes: tuple[int, ...]) -> None:
    s3, table = MemoryS3(), MemoryTable()
    for number, size in enumerate(reversed(sizes)):
        objects = (ListedObject(f"{number}/{each}.jpg", "e", 9) for each in range(size))
        ShardFiles(s3, BUCKET, RUN).write(shard_key(RUN, number), as_file(objects))
    table.create(Shards(len(sizes), BatchImages(listed=sum(sizes))))
    lost: list[int] = []

    class Watching(Sender):
        def __call__(self, tasks: Iterator[ShardTask | None]) -> Sender:
            def watched() -> Iterator[ShardTask | None]:
                for task in tasks:
                    yield task
                    lost.append(self.throttled - sum(record.done for record in list(table.kept.values())))

            return super().__call__(watched())

    assert play(s3, table, Watching(), has_files=False).done == sum(sizes)
    assert 0 < max(lost) <= max(sizes)


def test_a_result_that_s3_did_not_take_is_written_at_the_end_of_the_round(s3: Any) -> None:
    class FlakyS3:
        refusals = 3

        def put_object(self, **more: Any) -> Any:
            if more["Key"].startswith("results/") and self.refusals:
                self.refusals -= 1
                raise ClientError({"Error": {"Code": "SlowDown"}}, "PutObject")
            return s3.put_object(**more)

        def __getattr__(self, name: str) -> Any:
            return getattr(s3, name)

    for key in KEYS[:5]:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    sender = Sender()

    tally = play(FlakyS3(), listed(s3, {}), sender, has_files=True)

    assert (tally.done, tally.left, sender.throttled) == (5, 0, 5)


def test_a_result_that_is_current_is_not_asked_for_again(s3: Any) -> None:
    for key in KEYS[:5]:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    assert play(s3, listed(s3, {}), Sender(), has_files=True).done == 5
    s3.put_object(Bucket=BUCKET, Key=KEYS[0], Body=b"another one")
    sender = Sender()

    tally = play(s3, listed(s3, {}), sender, has_files=True)

    assert (tally.current, tally.done, sender.throttled) == (4, 1, 1)
    assert s3.head_object(Bucket=BUCKET, Key=f"results/{KEYS[0]}.json")["Metadata"]["model"] == ARN


def test_current_results_are_found_before_anything_is_sent(s3: Any) -> None:
    for key in KEYS[:5]:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    play(s3, listed(s3, {}), Sender(limit=3), has_files=True)
    s3.put_object(Bucket=BUCKET, Key=KEYS[4], Body=b"")  # it will fail, which a check does not decide
    table = listed(s3, {})

    # Neither a source nor the model matters.
    processing = replace(processing_of(s3, has_files=True), source="bytes", detector=cast(Detector, None))
    find_current(table, ShardFiles(s3, BUCKET, RUN), processing, is_over=lambda: False)

    tally = table.load().tally(table.records())
    assert (tally.current, tally.failed, tally.left) == (3, 0, 2)
    after = play(s3, table, Sender(), has_files=True)
    assert (after.current, after.done, after.failed) == (3, 1, 1)


@pytest.mark.parametrize("reads_current", [True, False])
def test_what_a_worker_wrote_before_it_died_is_in_the_parts(s3: Any, reads_current: bool) -> None:
    for key in KEYS[:5]:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    play(s3, listed(s3, {}), Sender(limit=3), has_files=True)
    table, files = listed(s3, {}), ShardFiles(s3, BUCKET, RUN)
    processing = replace(processing_of(s3, has_files=True), reads_current=reads_current)

    find_current(table, files, processing, is_over=lambda: False)
    play(s3, table, Sender(), has_files=True)

    tally = table.load().tally(table.records())
    assert (tally.current, tally.done) == (3, 2)
    assert sorted(keys_in_parts(s3, table)) == (KEYS[:5] if reads_current else KEYS[3:5])


def test_a_list_without_etags_asks_s3_and_names_what_is_missing(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="a.jpg", Body=b"x")
    s3.put_object(Bucket=BUCKET, Key="keys.csv", Body=b"a.jpg\nmissing.jpg\n")
    table = listed(s3, {"list": f"s3://{BUCKET}/keys.csv"})
    sender = Sender()

    tally = play(s3, table, sender, has_files=True)

    assert (tally.done, tally.failed, sender.throttled) == (1, 1, 1)
    (record,) = table.records()
    failure = ShardFiles(s3, BUCKET, RUN).read(record.failures[0].key)
    assert b'"key": "missing.jpg", "error": "NoSuchKey"' in failure
    assert record.temporary == 0
