"""AnalyseUploads and Gatekeeper on moto's S3, SQS, DynamoDB and Lambda, against a simulated model on the wire."""

from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest

from iu_tuner.contract.detections import ListedImage
from lambdas.aws.table import Partition
from lambdas.handlers import analyse_uploads, gatekeeper
from lambdas.inference import analyse
from lambdas.inference.attempts import attempts_of
from lambdas.inference.kept_connections import KeptConnections
from lambdas.models.lease import Lease
from lambdas.models.lease_store import lease_store
from lambdas.models.ports import Detector
from lambdas.processing.pace import Pace
from lambdas.processing.pace_store import pace_store
from local.simulated_model.account import ModelSetup
from local.simulated_model.answers.setup import AnswerSetup
from local.simulated_model.model_spec import ModelTruth
from simulation.samples.pictures import jpeg
from tests.states.conftest import BUCKET, TABLE, Stack, picture

PREFIX = "test_images/"
POISON, SICK, LAGGING = (f"{PREFIX}{name}.jpg" for name in ("poison", "sick", "lagging"))
CODES: dict[str, dict[str, Any]] = {
    POISON: {},
    SICK: {"code": "InternalServerError"},
    LAGGING: {"code": "InternalServerError", "times": 1},
}
CONTENT = {key: jpeg(filling=number) for number, key in enumerate(CODES)}
ANSWERS = AnswerSetup(
    poison=tuple({"sha256": hashlib.sha256(CONTENT[key]).hexdigest(), **about} for key, about in CODES.items())
)
ASSUME = json.dumps({"Version": "2012-10-17", "Statement": []})


@dataclass
class Pipeline:
    """What the handlers see of a pipeline."""

    stack: Stack
    sqs: Any
    functions: Any
    queue_url: str
    queue_arn: str
    dead_url: str
    model_arn: str

    def analyse(self, *keys: str, received: int = 1) -> list[str]:
        """Messages about these keys to the Lambda. Returns the keys whose messages come back."""
        records = [
            {
                "messageId": str(number),
                "receiptHandle": "x",
                "body": json.dumps(
                    {"detail-type": "Object Created", "detail": {"bucket": {"name": BUCKET}, "object": {"key": key}}}
                ),
                "attributes": {"ApproximateReceiveCount": str(received), "SentTimestamp": str(int(time.time() * 1000))},
                "eventSourceARN": self.queue_arn,
            }
            for number, key in enumerate(keys)
        ]
        answer = analyse_uploads.handler({"Records": records}, self.stack.context)
        return [keys[int(each["itemIdentifier"])] for each in answer["batchItemFailures"]]

    def look(self) -> bool:
        told = {"modelArn": self.model_arn, "queueUrl": self.queue_url, "queueArn": self.queue_arn}
        return gatekeeper.handler(told, self.stack.context)["open"]

    def gate(self) -> str:
        (mapping,) = self.functions.list_event_source_mappings(EventSourceArn=self.queue_arn)["EventSourceMappings"]
        return str(mapping["State"])

    def upload(self, *keys: str) -> None:
        for key in keys:
            self.stack.upload(key, CONTENT.get(key) or picture())

    def files(self) -> set[str]:
        listed = self.stack.s3.list_objects_v2(Bucket=BUCKET, Prefix=PREFIX).get("Contents", [])
        return {each["Key"] for each in listed if each["Key"].endswith(".json")}

    def reasons(self) -> list[str]:
        letters = self.sqs.receive_message(
            QueueUrl=self.dead_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=0
        )
        return [each["MessageAttributes"]["reason"]["StringValue"] for each in letters.get("Messages", [])]

    def requests(self) -> int:
        return sum(sum(each.values()) for each in self.stack.service.image_books(self.model_arn).values())

    def hold(self) -> None:
        """A run measures the model."""
        lease_store().acquire(Lease(self.model_arn, "run", "execution", "2026-11-21T06:00:00Z", 90, "stop"))


def make_gate(queue_arn: str) -> None:
    """A closed gate between the queue and a Lambda."""
    functions = boto3.client("lambda")
    role = boto3.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument=ASSUME)["Role"]["Arn"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("a.py", "")
    functions.create_function(
        FunctionName="analyse", Runtime="python3.13", Role=role, Handler="a.b", Code={"ZipFile": archive.getvalue()}
    )
    functions.create_event_source_mapping(EventSourceArn=queue_arn, FunctionName="analyse", Enabled=False)


@pytest.fixture
def pipeline(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipeline]:
    setup = ModelSetup(truth=ModelTruth(tps_per_iu=100, latency_mean_s=0.02), answers=ANSWERS, status="RUNNING")
    arn = stack.service.add_model(setup)["modelArn"]
    sqs, functions = boto3.client("sqs"), boto3.client("lambda")
    url, dead = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("uploads", "dead"))
    queue_arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    make_gate(queue_arn)
    entry = {"prefix": PREFIX, "modelArn": arn, "maxAttempts": 2, "source": "bytes"}
    for name, value in {"INFERENCE_ENTRY": json.dumps(entry), "QUEUE_URL": url, "DEAD_LETTERS_URL": dead}.items():
        monkeypatch.setenv(name, value)
    kept = list[KeptConnections]()

    def connections(detector: Detector) -> KeptConnections:
        kept.append(KeptConnections(detector))
        return kept[-1]

    monkeypatch.setattr(analyse, "KeptConnections", connections)
    yield Pipeline(stack, sqs, functions, url, queue_arn, dead, arn)
    for connection in (idle for each in kept for idle in each._idle):
        connection.close()


@pytest.fixture
def opened(pipeline: Pipeline) -> Pipeline:
    assert pipeline.look()
    return pipeline


def test_duplicates_and_deleted_objects_cost_nothing(opened: Pipeline) -> None:
    key = f"{PREFIX}a b+%.PNG"
    opened.upload(key)

    assert opened.analyse(key, key, f"{PREFIX}deleted.png", f"{PREFIX}notes.txt", "elsewhere/a.png") == []
    assert opened.analyse(key, received=2) == []

    assert opened.files() == {f"{key}.json"}
    assert opened.requests() == 1
    assert opened.reasons() == []


def test_an_overwritten_image_has_the_result_of_its_newest_content(opened: Pipeline) -> None:
    key = f"{PREFIX}a.png"
    for _ in range(2):
        opened.upload(key)
        assert opened.analyse(key) == []

    e_tag = opened.stack.s3.head_object(Bucket=BUCKET, Key=key)["ETag"].strip('"')
    assert opened.stack.s3.head_object(Bucket=BUCKET, Key=f"{key}.json")["Metadata"]["source-etag"] == e_tag
    assert opened.requests() == 2


def test_the_mask_of_an_anomaly_lies_beside_its_result_and_goes_with_it(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, bodies = f"{PREFIX}board.jpg", [jpeg(filling=number) for number in (7, 8)]
    verdicts = [[{"name": name, "confidence": 99.5}] for name in ("anomaly", "normal")]
    lines = [
        {"sha256": hashlib.sha256(body).hexdigest(), "labels": labels}
        for body, labels in zip(bodies, verdicts, strict=True)
    ]
    truth, answers = ModelTruth(tps_per_iu=100, latency_mean_s=0.02), AnswerSetup(detections=tuple(lines))
    setup = ModelSetup(truth=truth, answers=answers, status="RUNNING", service="lookoutvision")
    pipeline.model_arn = pipeline.stack.service.add_model(setup)["modelArn"]
    monkeypatch.setenv("INFERENCE_ENTRY", json.dumps({"prefix": PREFIX, "modelArn": pipeline.model_arn}))
    assert pipeline.look()
    found = []

    for body in bodies:
        pipeline.stack.upload(key, body)
        assert pipeline.analyse(key, f"{key}.mask.png") == []
        listed = pipeline.stack.s3.list_objects_v2(Bucket=BUCKET, Prefix=key)["Contents"]
        result = json.loads(pipeline.stack.s3.get_object(Bucket=BUCKET, Key=f"{key}.json")["Body"].read())
        found.append(({each["Key"].removeprefix(key) for each in listed}, result))

    (files, anomalous), (files_later, normal) = found
    assert (files, files_later) == ({"", ".json", ".mask.png"}, {"", ".json"})
    assert anomalous["DetectAnomalyResult"].keys() == {"Source", "IsAnomalous", "Confidence", "Anomalies"}
    assert (normal["DetectAnomalyResult"]["IsAnomalous"], normal["Inference"]["image"]["key"]) == (False, key)
    assert pipeline.requests() == 2
    assert pipeline.reasons() == []


def test_poison_becomes_a_dead_letter_with_its_reason_and_holds_up_no_other(opened: Pipeline) -> None:
    good = f"{PREFIX}good.png"
    opened.upload(POISON, good)

    assert opened.analyse(POISON, good) == []

    assert opened.files() == {f"{POISON}.error.json", f"{good}.json"}
    assert opened.reasons() == ["InvalidImageFormatException"]


def test_an_error_that_may_pass_comes_back_until_its_attempts_are_used_up(opened: Pipeline) -> None:
    opened.upload(SICK)

    assert opened.analyse(SICK) == [SICK]
    assert opened.files() == set()
    e_tag = opened.stack.s3.head_object(Bucket=BUCKET, Key=SICK)["ETag"].strip('"')
    attempts, image = attempts_of("uploads"), ListedImage(SICK, e_tag, 0)
    saved = attempts.load(image)
    assert saved.attempts == 1
    assert saved.not_before > 0
    attempts.save(image, replace(saved, not_before=time.time() + 3600))
    assert opened.analyse(SICK, received=2) == [SICK], "it is not due yet"
    assert attempts.load(image).attempts == 1
    attempts.save(image, replace(saved, not_before=0.0))

    assert opened.analyse(SICK, received=3) == []
    assert opened.files() == {f"{SICK}.error.json"}
    assert opened.reasons() == ["InternalServerError"]


def test_an_error_file_is_deleted_by_a_later_success(opened: Pipeline) -> None:
    opened.upload(LAGGING)
    opened.stack.s3.put_object(Bucket=BUCKET, Key=f"{LAGGING}.error.json", Body=b"{}")

    assert opened.analyse(LAGGING) == [LAGGING]
    assert opened.analyse(LAGGING) == [], "a message that was sent again counts anew"

    assert opened.files() == {f"{LAGGING}.json"}


def test_a_model_that_is_gone_closes_the_gate_and_uses_up_no_attempt(opened: Pipeline) -> None:
    key = f"{PREFIX}a.png"
    opened.upload(key)
    assert opened.gate() == "Enabled"
    rekognition = boto3.client("rekognition")
    rekognition.stop_project_version(ProjectVersionArn=opened.model_arn)

    assert opened.analyse(key) == [key]

    assert opened.gate() == "Disabled"
    assert opened.files() == set()
    assert [item for item in opened.stack.items() if item["pk"]["S"].startswith("ATTEMPTS")] == []


def test_while_a_run_measures_nothing_is_sent(opened: Pipeline) -> None:
    key = f"{PREFIX}a.png"
    opened.upload(key)
    opened.hold()

    assert opened.analyse(key) == [key]

    assert opened.requests() == 0
    assert opened.gate() == "Disabled"
    assert not opened.look()


def test_the_gate_follows_the_model_and_its_pace_its_units(pipeline: Pipeline) -> None:
    assert pipeline.gate() == "Disabled"
    assert pipeline.look()
    assert pipeline.gate() == "Enabled"
    pace = pace_store(pipeline.model_arn, "live").load()
    assert pace is not None
    assert pace.units == 1
    boto3.client("rekognition").stop_project_version(ProjectVersionArn=pipeline.model_arn)

    assert not pipeline.look()
    assert pipeline.gate() == "Disabled"


def test_an_open_gate_gets_more_batches_as_the_rate_grows_and_keeps_them(pipeline: Pipeline) -> None:
    pace, seen = Partition(pipeline.stack.dynamodb, TABLE, f"MODEL#{pipeline.model_arn}"), []
    for rate in (None, 25.0, 5.0):
        if rate is not None:
            pace.update("PACE", {"rate": rate})
        pipeline.look()
        (gate,) = boto3.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        seen.append(gate["ScalingConfig"]["MaximumConcurrency"])

    assert seen == [2, 6, 6]


def test_a_gate_that_opens_gets_batches_for_the_rate_that_an_earlier_start_has_found(pipeline: Pipeline) -> None:
    pace_store(pipeline.model_arn, "live").begin(Pace(25.0, 1, measured=25.0), time.time() - 3600)

    pipeline.look()

    (gate,) = boto3.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert gate["ScalingConfig"]["MaximumConcurrency"] == 6


def test_a_lost_pace_brings_the_messages_back(pipeline: Pipeline) -> None:
    key = f"{PREFIX}a.png"
    pipeline.upload(key)

    assert pipeline.analyse(key) == [key]
    assert pipeline.requests() == 0
