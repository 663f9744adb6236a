"""Uploads to results: images with odd names, duplicates and poison wait for their model, then each has one result."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from bench.wire.hostile_uploads import notification
from iu_tuner.cli.main import main
from iu_tuner.contract.detections import Label
from local.deployment import Outputs
from local.embedded_aws import EmbeddedAws
from local.simulated_model.answers.labels import random_labels, response_body
from local.simulated_model.process import RunningSimulatedModel
from simulation.samples.pictures import jpeg
from tests.e2e.uploads import LEAST, POISON, UploadWorld
from tests.e2e.uploads import WAITING as PREFIX
from tests.model_books import answers_by_key
from tests.unit.simulated_model.conftest import client_of
from tests.waiting import wait_until

NAMES = ("a b.jpg", "a+b.JPG", "100%25.Jpeg", "été/蜂 🐝.png", "q?x=1&y#z.jpg", "'\"<>&.jpg", "k" * 960 + ".jpg")
EMPTY, DELETED = (f"{PREFIX}{name}.jpg" for name in ("empty", "deleted"))
GOOD = {f"{PREFIX}{name}": jpeg(filling=number) for number, name in enumerate(NAMES)}
GOOD |= {f"{PREFIX}{number:03}.jpg": jpeg(filling=100 + number) for number in range(60 - len(NAMES) - 3)}
FAILED = {POISON: "InvalidImageFormatException", EMPTY: "EmptyImage"}
FOREIGN = ("hello", json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"}), json.dumps({"Records": [{"a": 1}]}))
TWICE = [f"{PREFIX}a b.jpg", f"{PREFIX}000.jpg"]


@dataclass(frozen=True)
class Pipeline:
    """The deployed app, its model, and the queue."""

    world: UploadWorld

    @property
    def aws(self) -> EmbeddedAws:
        return self.world.aws

    @property
    def service(self) -> RunningSimulatedModel:
        return self.world.service

    @property
    def outputs(self) -> Outputs:
        return self.world.outputs

    def counts(self) -> dict[str, int]:
        return self.world.counts(PREFIX)

    def gate(self) -> str:
        return self.world.gate(PREFIX)

    def look(self) -> None:
        self.world.look(PREFIX)

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.world.send(PREFIX, body)

    def files(self) -> set[str]:
        return self.world.files(PREFIX)

    def read(self, key: str) -> dict[str, Any]:
        found = self.aws.client("s3").get_object(Bucket=self.outputs.image_bucket, Key=key)
        return {**json.loads(found["Body"].read()), "metadata": found["Metadata"]}

    def dead_letters(self) -> list[Mapping[str, Any]]:
        """The letters, which stay visible."""
        asked = {"MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"], "VisibilityTimeout": 0}
        found = self.aws.client("sqs").receive_message(QueueUrl=self.world.dead_letters_url(PREFIX), **asked)
        return list(found.get("Messages", []))

    def reasons(self) -> Counter[str]:
        return Counter(letter["MessageAttributes"]["reason"]["StringValue"] for letter in self.dead_letters())

    def books(self) -> dict[str, dict[str, int]]:
        return self.service.image_books(self.service.model_arns[0])


def labels_of(content: bytes) -> list[Label]:
    """What the model answers to this image."""
    return [label for label in random_labels(hashlib.sha256(content).digest()) if label.confidence >= LEAST]


@pytest.fixture(scope="module")
def pipeline(upload_world: UploadWorld) -> Pipeline:
    return Pipeline(upload_world)


@pytest.fixture(scope="module")
def waiting(pipeline: Pipeline) -> Pipeline:
    """All is uploaded while the model is off."""
    s3, bucket = pipeline.aws.client("s3"), pipeline.outputs.image_bucket
    images = {**GOOD, POISON: jpeg(filling=98), DELETED: jpeg(filling=99), EMPTY: b""}
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda each: s3.put_object(Bucket=bucket, Key=each[0], Body=each[1]), images.items()))
    s3.put_object(Bucket=bucket, Key=f"{PREFIX}notes.txt", Body=b"no image")
    s3.delete_object(Bucket=bucket, Key=DELETED)
    pipeline.send(*FOREIGN, *(notification(bucket, key) for key in TWICE for _ in range(5)))
    wait_until("all messages", lambda: pipeline.counts()["visible"] == len(images) + len(FOREIGN) + 10)
    pipeline.look()
    return pipeline


@pytest.fixture(scope="module")
def analysed(waiting: Pipeline) -> Pipeline:
    """The model was started, and the queue is empty."""
    client_of(waiting.service).start_project_version(
        ProjectVersionArn=waiting.service.model_arns[0], MinInferenceUnits=1
    )
    wait_until("the model runs", lambda: waiting.service.model_report()["status"] == "RUNNING")
    waiting.look()
    wait_until("the queue is empty", lambda: not any(waiting.counts().values()))
    return waiting


def test_while_the_model_is_off_nothing_is_received(waiting: Pipeline) -> None:
    assert waiting.gate() == "Disabled"
    assert waiting.books() == {}


def test_each_image_has_one_right_result(analysed: Pipeline) -> None:
    for key, content in GOOD.items():
        result = analysed.read(f"{key}.json")

        assert result["CustomLabels"] == json.loads(response_body(labels_of(content)))["CustomLabels"]
        assert result["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert result["Inference"]["image"]["key"] == key
        assert result["metadata"]["source-etag"] == hashlib.md5(content).hexdigest()
    assert {key for key in analysed.files() if key.endswith(".json") and ".error" not in key} == {
        f"{key}.json" for key in GOOD
    }
    paid = answers_by_key(analysed.books())
    # Two invocations that run at the same time may both send an image whose messages are duplicates.
    assert {key: count for key, count in paid.items() if key not in TWICE} == {
        key: 1 for key in GOOD if key not in TWICE
    }
    assert all(1 <= paid[key] <= 2 for key in TWICE)


def test_what_can_not_be_analysed_has_an_error_file_and_a_dead_letter(analysed: Pipeline) -> None:
    for key, code in FAILED.items():
        error = analysed.read(f"{key}.error.json")["Error"]
        assert (error["Code"], error["Permanent"]) == (code, True)
    assert {key for key in analysed.files() if key.endswith(".error.json")} == {f"{key}.error.json" for key in FAILED}
    letters = analysed.dead_letters()
    assert analysed.reasons() == Counter(FAILED.values())
    assert {json.loads(letter["Body"])["detail"]["object"]["key"] for letter in letters} == set(FAILED)


def test_the_client_shows_replays_and_backfills(
    analysed: Pipeline, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)

    def client(*arguments: str) -> str:
        assert main([*arguments, "--endpoint-url", analysed.aws.url]) == 0
        return capsys.readouterr().out

    state = json.loads(client("queue", "status", PREFIX, "--json"))
    assert (state["gate"], state["modelStatus"]) == ("open", "RUNNING")
    assert (state["visible"], state["inFlight"], state["dead"]) == (0, 0, len(FAILED))
    assert state["tps"] > 0
    rows = list(csv.DictReader(io.StringIO(client("results", PREFIX, "--threshold", "90", "--csv"))))
    sure = {key: [each.name for each in labels_of(content) if each.confidence >= 90] for key, content in GOOD.items()}
    assert Counter(row["key"] for row in rows) == Counter({key: len(names) for key, names in sure.items() if names})
    assert "2 images" in client("queue", "backfill", PREFIX), "those that failed have no result"
    wait_until("they fail again", lambda: len(analysed.dead_letters()) == 2 * len(FAILED))
    assert "2 dead letters" in client("queue", "replay", PREFIX, "--reason", "EmptyImage")
    wait_until("the queue is empty", lambda: not any(analysed.counts().values()))
    again = analysed.reasons()
    # Two messages about one image in the same batch are one failure.
    assert again["EmptyImage"] in (1, 2)
    assert again["InvalidImageFormatException"] == 2, "letters with another reason stay"


def test_a_model_that_stops_closes_the_gate_and_loses_nothing(analysed: Pipeline) -> None:
    client_of(analysed.service).stop_project_version(ProjectVersionArn=analysed.service.model_arns[0])
    wait_until("the model is off", lambda: analysed.service.model_report()["status"] == "STOPPED")
    key = f"{PREFIX}later.jpg"
    analysed.aws.client("s3").put_object(Bucket=analysed.outputs.image_bucket, Key=key, Body=jpeg(filling=97))

    wait_until("the gate is closed by the Lambda", lambda: analysed.gate() == "Disabled")

    wait_until("the message is back", lambda: analysed.counts()["visible"] == 1)
    assert f"{key}.json" not in analysed.files()
