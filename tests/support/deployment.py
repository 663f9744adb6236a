"""The app as deployed by the CDK into an embedded AWS, beside simulated models on the wire."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.deployment import Outputs, deploy
from local.embedded_aws import EmbeddedAws
from local.simulated_model.process import RunningSimulatedModel, running_simulated_model
from tests.support.hostile_images import JPEG


@dataclass(frozen=True)
class Deployment:
    """The deployed app."""

    aws: EmbeddedAws
    service: RunningSimulatedModel
    outputs: Outputs

    def start(self, name: str, execution_input: Mapping[str, Any], *, is_batch: bool = False) -> str:
        """Start an execution; returns its ARN."""
        machine = self.outputs.batch_state_machine_arn if is_batch else self.outputs.state_machine_arn
        started = self.aws.client("stepfunctions").start_execution(
            stateMachineArn=machine, name=name, input=json.dumps(execution_input)
        )
        return str(started["executionArn"])

    def ended(self, execution_arn: str, within_s: float) -> dict[str, Any]:
        """The execution as described when it has ended; aborts it and fails when that takes too long."""
        states = self.aws.client("stepfunctions")
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            described: dict[str, Any] = states.describe_execution(executionArn=execution_arn)
            if described["status"] != "RUNNING":
                return described
            time.sleep(1)
        states.stop_execution(executionArn=execution_arn)
        raise AssertionError(f"{execution_arn} did not end within {within_s} s")

    def items(self, run_id: str) -> list[dict[str, Any]]:
        """All items of a run in the runs table."""
        items: list[dict[str, Any]] = self.aws.client("dynamodb").query(
            TableName=self.outputs.runs_table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"RUN#{run_id}"}},
            ConsistentRead=True,
        )["Items"]
        return items

    def lease(self, model_arn: str) -> dict[str, Any] | None:
        """The item that says who tests this model now."""
        key = {"pk": {"S": f"MODEL#{model_arn}"}, "sk": {"S": "LEASE"}}
        answer = self.aws.client("dynamodb").get_item(TableName=self.outputs.runs_table, Key=key, ConsistentRead=True)
        item: dict[str, Any] | None = answer.get("Item")
        return item

    def keys(self, prefix: str) -> list[str]:
        """The keys of the report bucket under a prefix."""
        pages = self.aws.client("s3").get_paginator("list_objects_v2")
        listed = pages.paginate(Bucket=self.outputs.report_bucket, Prefix=prefix)
        return [each["Key"] for page in listed for each in page.get("Contents", [])]

    def read(self, key: str) -> bytes:
        """An object of the report bucket."""
        body: bytes = self.aws.client("s3").get_object(Bucket=self.outputs.report_bucket, Key=key)["Body"].read()
        return body


@contextlib.contextmanager
def deployed(aws: EmbeddedAws, *endpoints: str, **context: object) -> Iterator[Deployment]:
    """The app with small images, a simulated service, and a look at a model every second.

    `endpoints` are context keys of further services that the simulated one stands for.
    """
    with running_simulated_model([], s3_endpoint_url=aws.url) as service:
        urls = dict.fromkeys(("rekognitionEndpointUrl", *endpoints), service.url)
        outputs = deploy(aws, {**urls, "modelPollSeconds": 1, **context})
        for number in range(4):
            # Bytes after the end of a JPEG make it another one.
            body = JPEG + bytes([number])
            aws.client("s3").put_object(Bucket=outputs.image_bucket, Key=f"samples/{number}.jpg", Body=body)
        yield Deployment(aws, service, outputs)
