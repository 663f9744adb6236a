"""The files and the output of a batch that was stopped, resumed and completed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import boto3
import jsonschema
import pytest
from moto import mock_aws
from PIL import Image

from iu_tuner.contract.batch.batch_input import parse_process_input
from iu_tuner.contract.batch.output import BatchImages, FailedImage
from iu_tuner.contract.detections import Box, Detections, Label, ListedImage
from iu_tuner.contract.errors import TooManyFailures
from iu_tuner.contract.output.json_values import to_json
from iu_tuner.contract.output.result import ModelOutput
from iu_tuner.schemas.__main__ import batch_manifest_schema, batch_output_schema
from lambdas.batch.listing.list_images import ListingState
from lambdas.batch.listing.listing import ImageListing
from lambdas.batch.shards.record import Shards, Traffic
from lambdas.batch.shards.resume import resume
from lambdas.batch.shards.store import ShardFiles, save_turn, take_turn
from lambdas.batch.summarise import EndedBatch, summarise, with_receipt
from lambdas.batch.summary.verdict import Ending
from lambdas.batch.unit_capacity import Capacity
from tests.support.fuzzed_inputs import ARN
from tests.unit.batch.memory import MemoryTable

BUCKET, FIRST, SECOND = "reports", "run-1", "run-2"
TRAFFIC = Traffic(4, 1, 2.0, 0.5, {"262": 3})
RECEIPT = ModelOutput("STOPPED", "STOPPED", None, None, 0.01, 0.04)


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        picture = io.BytesIO()
        Image.new("RGB", (640, 480)).save(picture, "JPEG")
        for number in range(6):
            client.put_object(Bucket=BUCKET, Key=f"incoming/{number}.jpg", Body=picture.getvalue())
        client.put_object(Bucket=BUCKET, Key="incoming/5.jpg", Body=b"no picture")
        client.put_object(Bucket=BUCKET, Key="incoming/notes.txt", Body=b"-")
        yield client


def play(table: MemoryTable, files: ShardFiles, fates: dict[str, str]) -> None:
    """One round with one worker."""
    table.plan(table.load().next_round(table.records()))
    while (turn := take_turn(table, files)) is not None:
        for position, each in turn.open_images:
            assert each.e_tag is not None and each.size is not None
            image = ListedImage(each.key, each.e_tag, each.size)
            match fates.get(each.key[-5], "done"):
                case "poison":
                    turn.record_failure(position, FailedImage(each.key, "InvalidImageFormatException", "no", 1))
                case "busy":
                    turn.record_failure(position, FailedImage(each.key, "RequestTimeout", "late", 5, permanent=False))
                case "done":
                    labels = (Label("bee", 90.0 + int(each.key[-5]), Box(0.5, 0.5, 0.25, 0.25)),)
                    turn.record_done(position, Detections(image, labels, 180, 1, "2026-11-28T06:00:00.000Z").to_line())
        save_turn(table, files, turn.flush(TRAFFIC))


def ended(run_id: str, *, max_failed_percent: float = 50.0) -> EndedBatch:
    return EndedBatch(
        run_id,
        ARN,
        BUCKET,
        min_confidence=None,
        ground_truth=True,
        max_failed_percent=max_failed_percent,
        started_at=1e6,
        processing_s=1.0,
        ending=Ending(1_000_100.0, 1_000_400.0, "limits.maxMinutes = 5 is reached"),
        inference_units=1,
        capacity=Capacity(5, 4, 5),
    )


def test_a_batch_that_is_resumed_has_one_manifest_and_one_account(s3: Any) -> None:
    tables = {FIRST: MemoryTable(), SECOND: MemoryTable()}
    files = {run_id: ShardFiles(s3, BUCKET, run_id) for run_id in tables}
    wanted = parse_process_input({"modelArn": ARN})
    listed = ImageListing(s3, FIRST, wanted, BUCKET).go_on(ListingState(), lambda: False)
    images = BatchImages(listed.listed, listed.not_images, duplicates=listed.duplicates, left_out=listed.left_out)
    tables[FIRST].create(Shards(listed.shards, images))
    play(tables[FIRST], files[FIRST], {"1": "poison", "2": "busy", "3": "late", "4": "late"})

    stopped = summarise(lambda run_id: tables[run_id], files[FIRST], ended(FIRST))

    assert stopped.verdict == "partial"
    assert stopped.verdict_detail == ("2 images left: limits.maxMinutes = 5 is reached; run again with resume.")
    assert (stopped.images.done, stopped.images.failed, stopped.images.left) == (2, 2, 2)

    tables[SECOND].create(resume(tables[FIRST], files[FIRST], files[SECOND]))
    play(tables[SECOND], files[SECOND], {})
    output = summarise(lambda run_id: tables[run_id], files[SECOND], ended(SECOND))

    assert output.images == BatchImages(6, 1, 0, 5, 1, 0, duplicates=4, left_out={"other suffix": 1})
    assert output.verdict == "partial"
    assert [failure.key for failure in output.failures] == ["incoming/1.jpg"]
    assert output.resumed == FIRST
    assert output.throughput.tps == 3.0
    assert output.throughput.of_measured == 0.6
    assert output.throughput.throttled_share == 0.25
    assert output.deadline is not None and (output.deadline.met, output.deadline.spare_minutes) == (True, 5.0)
    check_files(s3)
    complete = with_receipt(output, RECEIPT, Capacity(5, 4, 5), processed=3, own_usd=0.001)
    assert complete.cost is not None and complete.cost.usd_per1000_images == pytest.approx(13.3333)
    jsonschema.Draft202012Validator(batch_output_schema()).validate(to_json(complete))


def check_files(s3: Any) -> None:
    """The files of the second run speak of both runs."""

    def read(name: str) -> bytes:
        content: bytes = s3.get_object(Bucket=BUCKET, Key=name)["Body"].read()
        return content

    manifest = json.loads(read(f"batches/{SECOND}/manifest.json"))
    jsonschema.Draft202012Validator(batch_manifest_schema()).validate(manifest)
    keys = []
    for part in manifest["parts"]:
        content = read(part["key"])
        assert sha256(content).hexdigest() == part["sha256"]
        assert content.count(b"\n") == part["lines"]
        keys += [Detections.of_line(line).image.key for line in content.splitlines()]
    assert sorted(keys) == [f"incoming/{number}.jpg" for number in (0, 2, 3, 4, 5)]
    failed = [json.loads(line) for line in read(manifest["failed"]["key"]).splitlines()]
    assert [(each["key"], each["error"], each["attempts"]) for each in failed] == [
        ("incoming/1.jpg", "InvalidImageFormatException", 1)
    ]
    assert manifest["failed"]["lines"] == 1
    rows = list(csv.DictReader(io.StringIO(read(f"batches/{SECOND}/summary.csv").decode())))
    assert [(row["label"], row["images"], row["minConfidence"], row["maxConfidence"]) for row in rows] == [
        ("bee", "5", "90.0", "95.0")
    ]
    lines = [json.loads(line) for line in read(f"batches/{SECOND}/labels.manifest").splitlines()]
    assert [line["source-ref"][-5] for line in lines] == ["0", "2", "3", "4"]  # the sides of 5 can't be read
    assert lines[0]["labels"]["annotations"] == [{"class_id": 0, "left": 320, "top": 240, "width": 160, "height": 120}]


def test_too_many_failures_fail_the_run_and_leave_their_list(s3: Any) -> None:
    table, files = MemoryTable(), ShardFiles(s3, BUCKET, FIRST)
    listed = ImageListing(s3, FIRST, parse_process_input({"modelArn": ARN}), BUCKET)
    table.create(Shards(listed.go_on(ListingState(), lambda: False).shards, BatchImages(listed=6)))
    play(table, files, {"1": "poison"})

    with pytest.raises(TooManyFailures, match="1 of 6 images failed"):
        summarise(lambda _: table, files, ended(FIRST, max_failed_percent=5.0))

    assert s3.get_object(Bucket=BUCKET, Key=f"batches/{FIRST}/failed.jsonl")["Body"].read().count(b"\n") == 1
