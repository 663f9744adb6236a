"""Images from a listing to their results: a simulated model and an S3 over HTTP, poison among the images."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest
from botocore.credentials import Credentials
from moto.server import ThreadedMotoServer

from iu_tuner.contract.choices import Source
from iu_tuner.contract.detections import ListedImage
from lambdas.models.ports import Connection
from lambdas.models.rekognition.data_plane import CustomLabelsDetector
from lambdas.models.rekognition.facts import FACTS
from lambdas.models.rekognition.request import RequestSigner
from lambdas.processing.image_result import Question, ResultKeys
from lambdas.processing.image_work import ImageWork, Processing
from lambdas.processing.outcomes import Outcome, Rules
from lambdas.processing.result_store import ResultStore
from local.simulated_model.account import ModelSetup
from local.simulated_model.answers.setup import AnswerSetup
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.process import RunningSimulatedModel, running_simulated_model
from simulation.samples.pictures import jpeg
from tests.model_books import answers_by_key
from tests.unit.processing.in_rounds import send_in_rounds
from tests.unit.simulated_model.conftest import client_of

BUCKET = "images"
NAMES = ("a b.jpg", "a+b.jpg", "100%25.jpg", "été/蜂 🐝.jpg", "q?x=1&y#z.jpg", "'\"<>.jpg", "k" * 1000 + ".jpg")
GOOD = tuple(f"incoming/{name}" for name in (*NAMES, *(f"{number:03}.jpg" for number in range(10))))
LATE, POISON, TEXT, EMPTY, GONE = (f"incoming/{name}.jpg" for name in ("late", "poison", "text", "empty", "gone"))
# What each of them fails with if it is named in S3.
BAD = {
    POISON: "InvalidImageFormatException",
    TEXT: "InvalidImageFormatException",
    EMPTY: "EmptyImage",
    GONE: "InvalidS3ObjectException",
}
# Keys and codes; the second answers from the second request on. An image that comes as bytes has no key.
REFUSED = ({"key": POISON}, {"key": LATE, "code": "InvalidS3ObjectException", "times": 1})


@dataclass(frozen=True)
class Round:
    """A round in which the model ran."""

    model_is_gone: bool = False


@dataclass
class World:
    """A bucket of images, a model, and what was listed."""

    s3: Any
    server: RunningSimulatedModel
    model_arn: str
    listed: Sequence[ListedImage]
    clock: Iterator[float]

    def work(self, source: Source, *, look: bool, images: Sequence[ListedImage] | None = None) -> dict[str, ImageWork]:
        """Work through the images with four threads, and return the work by key."""
        arn, images = self.model_arn, self.listed if images is None else images
        signer = RequestSigner(self.server.url, "us-east-1", Credentials("test", "test"))
        store = ResultStore(self.s3, BUCKET, BUCKET, ResultKeys("r/"))
        if look:
            store.list_results(images)
        question = Question(arn, BUCKET, min_confidence=10)
        every = Processing(question, Rules(FACTS), CustomLabelsDetector(arn, signer), store, source)
        works = [ImageWork(image, every, now=self.clock.__next__) for image in images]

        def send(todo: Iterator[ImageWork]) -> Round:
            threads = [threading.Thread(target=_lane, args=(todo, every.detector.connection())) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return Round()

        send_in_rounds(works, send, 1e12, self.clock.__next__, lambda seconds: None)
        return {work.image.key: work for work in works}

    def books(self) -> dict[str, int]:
        """By key: how often the model answered."""
        return answers_by_key(self.server.image_books(self.model_arn))

    def json(self, key: str) -> tuple[dict[str, Any], dict[str, str]]:
        """An object's content and metadata."""
        found = self.s3.get_object(Bucket=BUCKET, Key=key)
        return json.load(found["Body"]), found["Metadata"]

    def keys(self, prefix: str) -> set[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return {entry["Key"] for page in pages for entry in page.get("Contents", [])}


def _lane(todo: Iterator[ImageWork], connection: Connection) -> None:
    for work in todo:
        while (prepared := work.prepare()) is not None and work.finish(connection.send(prepared), 12.3):
            pass
    connection.close()


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield "http://{}:{}".format(*server.get_host_and_port())
    finally:
        server.stop()


@pytest.fixture(scope="module")
def server(s3_url: str) -> Iterator[RunningSimulatedModel]:
    with running_simulated_model([], s3_endpoint_url=s3_url) as server:
        yield server


@pytest.fixture
def world(s3_url: str, server: RunningSimulatedModel) -> Iterator[World]:
    s3 = boto3.client(
        "s3", endpoint_url=s3_url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    s3.create_bucket(Bucket=BUCKET)
    contents = {key: jpeg(filling=number) for number, key in enumerate((*GOOD, LATE, POISON))}
    listed = []
    for key, content in {**contents, TEXT: b"no image", EMPTY: b"", GONE: jpeg()}.items():
        e_tag = s3.put_object(Bucket=BUCKET, Key=key, Body=content)["ETag"].strip('"')
        listed.append(ListedImage(key, e_tag, len(content)))
    s3.delete_object(Bucket=BUCKET, Key=GONE)
    setup = ModelSetup(
        truth=ModelTruth(tps_per_iu=1000.0, latency_mean_s=0.001), status="RUNNING", answers=AnswerSetup(poison=REFUSED)
    )
    arn = server.add_model(setup)["modelArn"]
    world = World(s3, server, arn, listed, map(float, itertools.count(1_790_000_000, 40)))
    yield world
    for key in world.keys(""):
        s3.delete_object(Bucket=BUCKET, Key=key)


def test_each_image_has_one_result_or_one_reason(world: World) -> None:
    first = world.work("s3", look=False)

    failed = {key: work.failure.error for key, work in first.items() if work.failure is not None}
    assert failed == BAD
    assert {key for key, work in first.items() if work.outcome is Outcome.DONE} == {*GOOD, LATE}
    assert world.books() == dict.fromkeys((*GOOD, LATE), 1)
    assert [first[key].failure.attempts for key in (POISON, EMPTY, GONE)] == [1, 0, 2]  # type: ignore[union-attr]
    assert world.keys("r/") == {f"r/{key}.json" for key in (*GOOD, LATE)} | {f"r/{key}.error.json" for key in BAD}
    for number, key in enumerate(GOOD):
        response, metadata = world.json(f"r/{key}.json")
        assert response["CustomLabels"] == model_s_own(world, jpeg(filling=number))
        assert response["ResponseMetadata"]["RequestId"]
        assert response["Inference"]["image"]["key"] == key
        assert metadata["source-etag"] == first[key].image.e_tag
    assert world.json(f"r/{TEXT}.error.json")[0]["Error"]["Code"] == "InvalidImageFormatException"

    # A second run pays for nothing that is current, whether it lists the results or looks each up.
    for look in (True, False):
        again = world.work("s3", look=look)
        assert {key for key, work in again.items() if work.outcome is Outcome.CURRENT} == {*GOOD, LATE}
    assert world.books() == dict.fromkeys((*GOOD, LATE), 1)

    # An image that was replaced is analysed, and the error that it had is gone.
    e_tag = world.s3.put_object(Bucket=BUCKET, Key=EMPTY, Body=jpeg())["ETag"].strip('"')
    world.work("s3", look=True, images=[ListedImage(EMPTY, e_tag, 2000), *world.listed[:2]])
    assert {f"r/{EMPTY}.json"} == {key for key in world.keys("r/") if key.startswith(f"r/{EMPTY}")}


def model_s_own(world: World, content: bytes) -> Any:
    image = {"ProjectVersionArn": world.model_arn, "Image": {"Bytes": content}, "MinConfidence": 10}
    return client_of(world.server).detect_custom_labels(**image)["CustomLabels"]


def test_images_sent_as_bytes(world: World) -> None:
    done = world.work("bytes", look=True)

    failed = {key: work.failure.error for key, work in done.items() if work.failure is not None}
    # It knows no keys, so it refuses nobody by key; and text is found out before it is sent.
    assert failed == {TEXT: BAD[TEXT], EMPTY: BAD[EMPTY], GONE: "NoSuchKey"}
    totals = world.server.model_report(world.model_arn)["totals"]
    assert (totals["accepted"], totals["failed"]) == (len(GOOD) + 2, 0)


def test_the_listed_version_is_analysed(world: World) -> None:
    key, old, new = "incoming/versioned.jpg", jpeg(filling=101), jpeg(filling=102)
    world.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    put = world.s3.put_object(Bucket=BUCKET, Key=key, Body=old)
    world.s3.put_object(Bucket=BUCKET, Key=key, Body=new)
    image = replace(world.listed[0], key=key, e_tag=put["ETag"].strip('"'), version_id=put["VersionId"])

    for source in ("s3", "bytes"):
        world.s3.delete_object(Bucket=BUCKET, Key=f"r/{key}.json")
        world.work(source, look=False, images=[image])
        response, _ = world.json(f"r/{key}.json")
        assert response["CustomLabels"] == model_s_own(world, old) != model_s_own(world, new)
        assert response["Inference"]["image"]["versionId"] == put["VersionId"]
