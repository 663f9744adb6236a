"""One deployment with two upload pipelines: the uploads of one wait for their model, those of the other start it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.settings.triggers import fingerprint
from iu_tuner.contract.names import UPLOADS_OUTPUT
from local.deployment import Outputs, deploy
from local.embedded_aws import EmbeddedAws
from local.simulated_model.account import ModelSetup
from local.simulated_model.answers.setup import AnswerSetup
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.process import RunningSimulatedModel, running_simulated_model
from tests.support.aws import instrumented_aws

WAITING, STARTING = "test_images/", "waves/"
LEAST = 50.0
POISON = f"{WAITING}poison.jpg"
TRUTH = ModelTruth(tps_per_iu=25, start_s=0.5, stop_s=0.5)


@dataclass(frozen=True)
class UploadWorld:
    """The deployed app; the model of the uploads that wait is the first one of the service."""

    aws: EmbeddedAws
    service: RunningSimulatedModel
    outputs: Outputs
    journal: Path
    queue_urls: dict[str, str]

    def look(self, prefix: str) -> None:
        """What the scheduler does each minute."""
        schedules, own = self.aws.client("scheduler"), f"Look{fingerprint(prefix)}"
        (name,) = (each["Name"] for each in schedules.list_schedules()["Schedules"] if own in each["Name"])
        target = schedules.get_schedule(Name=name)["Target"]
        reply = self.aws.client("lambda").invoke(FunctionName=target["Arn"], Payload=target["Input"])
        assert "FunctionError" not in reply, reply["Payload"].read()

    def gate(self, prefix: str) -> str:
        """The state of the event source mapping."""
        name = self.queue_urls[prefix].rpartition("/")[2]
        mappings = self.aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        (state,) = (each["State"] for each in mappings if each["EventSourceArn"].endswith(f":{name}"))
        return str(state)

    def files(self, prefix: str) -> set[str]:
        """The keys under a prefix."""
        pages = self.aws.client("s3").get_paginator("list_objects_v2")
        listed = pages.paginate(Bucket=self.outputs.image_bucket, Prefix=prefix)
        return {each["Key"] for page in listed for each in page.get("Contents", [])}


@pytest.fixture(scope="session")
def upload_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UploadWorld]:
    models = [ModelSetup(truth=TRUTH, answers=AnswerSetup(poison=({"key": POISON},))), ModelSetup(truth=TRUTH)]
    journal = tmp_path_factory.mktemp("uploads") / "journal"
    with instrumented_aws(journal) as aws, running_simulated_model(models, s3_endpoint_url=aws.url) as service:
        waiting, starting = service.model_arns
        entries = [
            {"prefix": WAITING, "modelArn": waiting, "minConfidence": LEAST},
            {"prefix": STARTING, "modelArn": starting, "whenStopped": "start", "idleStopMinutes": 0.1},
        ]
        context = {"rekognitionEndpointUrl": service.url, "modelPollSeconds": 1, "inference": entries}
        outputs = deploy(aws, context)
        (stack,) = aws.client("cloudformation").describe_stacks(StackName="InferenceUnitTuner")["Stacks"]
        (urls,) = (each["OutputValue"] for each in stack["Outputs"] if each["OutputKey"] == UPLOADS_OUTPUT)
        yield UploadWorld(aws, service, outputs, journal, json.loads(urls))
