"""The app with pipelines for uploads in the embedded AWS, beside simulated models that were measured before."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3

from infra.settings.triggers import fingerprint
from iu_tuner.cli.aws.queue_counts import message_counts
from iu_tuner.contract.names import UPLOADS_OUTPUT, model_pk
from lambdas.aws.table import serialized
from local.deployment import Outputs, deploy
from local.embedded_aws import REGION, EmbeddedAws, embedded_aws
from local.simulated_model.account import ModelSetup
from local.simulated_model.process import RunningSimulatedModel, running_simulated_model
from simulation.samples.run import sample_output

POLL_S = 0.5
# The entries of `inference` for models with these ARNs.
Entries = Callable[[Sequence[str]], list[dict[str, Any]]]


@dataclass(frozen=True)
class UploadWorld:
    """The deployed app, the simulated models, and the queue of each prefix."""

    aws: EmbeddedAws
    service: RunningSimulatedModel
    outputs: Outputs
    queue_urls: Mapping[str, str]

    def measured(self, model_arn: str, tps: float, p50_ms: float) -> None:
        """Have a run find so many TPS of one inference unit of the model."""
        found = {"tpsPerInferenceUnit": tps, "inferenceUnits": 1}
        answer = sample_output() | found | {"latencyMs": {"p50": p50_ms, "p95": 2 * p50_ms, "p99": None}}
        answer["recommendation"]["minInferenceUnits"] = 1
        item = {"pk": model_pk(model_arn), "sk": "RUN#2026-01-01T00:00:00Z", "output": json.dumps(answer)}
        self.aws.client("dynamodb").put_item(
            TableName=self.outputs.runs_table, Item=serialized({**item, "verdict": "ok"})
        )

    def start_model(self, model_arn: str) -> None:
        """Start the model, as its owner would."""
        models = boto3.client(
            "rekognition",
            endpoint_url=self.service.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        models.start_project_version(ProjectVersionArn=model_arn, MinInferenceUnits=1)
        wait_for(lambda: self.service.model_report(model_arn)["status"] == "RUNNING", 60)

    def look(self, prefix: str) -> None:
        """Do what the scheduler does each minute. Raises RuntimeError if the Gatekeeper fails."""
        schedules, own = self.aws.client("scheduler"), f"Look{fingerprint(prefix)}"
        (name,) = (each["Name"] for each in schedules.list_schedules()["Schedules"] if own in each["Name"])
        target = schedules.get_schedule(Name=name)["Target"]
        reply = self.aws.client("lambda").invoke(FunctionName=target["Arn"], Payload=target["Input"])
        if "FunctionError" in reply:
            raise RuntimeError(reply["Payload"].read())

    def send(self, prefix: str, body: str) -> None:
        """Send a message to the queue of a prefix."""
        self.aws.client("sqs").send_message(QueueUrl=self.queue_urls[prefix], MessageBody=body)

    def counts(self, prefix: str) -> dict[str, int]:
        """The messages in the queue of a prefix that are `visible`, `inFlight` and `delayed`."""
        return message_counts(self.aws.client("sqs"), self.queue_urls[prefix])

    def waiting(self, prefix: str) -> int:
        """The messages in the queue of a prefix, those that are worked on included."""
        return sum(self.counts(prefix).values())

    def dead_letters_url(self, prefix: str) -> str:
        """The queue of a prefix's dead letters."""
        sqs = self.aws.client("sqs")
        found = sqs.get_queue_attributes(QueueUrl=self.queue_urls[prefix], AttributeNames=["RedrivePolicy"])
        name = json.loads(found["Attributes"]["RedrivePolicy"])["deadLetterTargetArn"].rpartition(":")[2]
        return str(sqs.get_queue_url(QueueName=name)["QueueUrl"])

    def dead_letters(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Take the dead letters of a prefix. Yields the body and the reason of each."""
        sqs, url = self.aws.client("sqs"), self.dead_letters_url(prefix)
        asked = {"QueueUrl": url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"], "VisibilityTimeout": 600}
        while letters := sqs.receive_message(**asked).get("Messages", []):
            yield from ((each["Body"], each["MessageAttributes"]["reason"]["StringValue"]) for each in letters)

    def files(self, prefix: str) -> set[str]:
        """The keys under a prefix."""
        pages = self.aws.client("s3").get_paginator("list_objects_v2")
        listed = pages.paginate(Bucket=self.outputs.image_bucket, Prefix=prefix)
        return {each["Key"] for page in listed for each in page.get("Contents", [])}


@contextmanager
def running_uploads(models: Sequence[ModelSetup], entries: Entries) -> Iterator[UploadWorld]:
    """Deploy the app with the `entries` of the models, by their ARNs. Everything is stopped at the end of the block."""
    with embedded_aws() as aws, deployed_uploads(aws, models, entries) as world:
        yield world


@contextmanager
def deployed_uploads(aws: EmbeddedAws, models: Sequence[ModelSetup], entries: Entries) -> Iterator[UploadWorld]:
    """The same in an embedded AWS that runs; the models are stopped at the end of the block."""
    with running_simulated_model(models, s3_endpoint_url=aws.url) as service:
        context = {"rekognitionEndpointUrl": service.url, "modelPollSeconds": 1}
        outputs = deploy(aws, {**context, "inference": entries(service.model_arns)})
        (stack,) = aws.client("cloudformation").describe_stacks(StackName="InferenceUnitTuner")["Stacks"]
        (urls,) = (each["OutputValue"] for each in stack["Outputs"] if each["OutputKey"] == UPLOADS_OUTPUT)
        yield UploadWorld(aws, service, outputs, json.loads(urls))


def wait_for(happened: Callable[[], bool], most_s: float) -> None:
    """Wait until it has happened. Raises TimeoutError after `most_s`."""
    deadline = time.monotonic() + most_s
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(POLL_S)
