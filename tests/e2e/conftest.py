"""The app as deployed by the CDK into an embedded AWS with IAM enforcement, against simulated models on the wire.

All executions of the session start together, each against a model of its own; the tests then look at them one by one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from local.deployment import Outputs, deploy
from local.embedded_aws import EmbeddedAws, embedded_aws
from local.sample_images import sample_images
from local.simulated_model.process import RunningSimulatedModel, running_simulated_model
from tests.e2e.scenarios import SCENARIOS, Scenario

LONGEST_RUN_S = 420


@dataclass(frozen=True)
class Execution:
    """One finished execution and what its simulated model saw of it."""

    scenario: Scenario
    described: Mapping[str, Any]
    model: Mapping[str, Any]
    call_log: list[Mapping[str, Any]]

    @property
    def output(self) -> dict[str, Any]:
        assert self.described["status"] == "SUCCEEDED", self.described
        output: dict[str, Any] = json.loads(self.described["output"])
        return output

    @property
    def run_id(self) -> str:
        return str(self.described["name"])


@dataclass(frozen=True)
class Deployment:
    """The deployed app."""

    aws: EmbeddedAws
    service: RunningSimulatedModel
    outputs: Outputs

    def run(self, scenario: Scenario) -> Execution:
        names = self.service.add_model(scenario.model)
        raw = scenario.input(names["modelArn"], self.outputs.image_bucket)
        states = self.aws.client("stepfunctions")
        started = states.start_execution(
            stateMachineArn=self.outputs.state_machine_arn, name=scenario.name, input=json.dumps(raw)
        )
        deadline = time.monotonic() + LONGEST_RUN_S
        while time.monotonic() < deadline:
            described = states.describe_execution(executionArn=started["executionArn"])
            if described["status"] != "RUNNING":
                report = self.service.model_report(names["modelArn"])
                calls = [c for c in self.service.report()["callLog"] if c["modelArn"] == names["modelArn"]]
                return Execution(scenario, described, report, calls)
            time.sleep(0.5)
        states.stop_execution(executionArn=started["executionArn"])
        raise AssertionError(f"{scenario.name} did not end within {LONGEST_RUN_S} s")

    def items(self, run_id: str) -> list[dict[str, Any]]:
        """All items of a run in the runs table."""
        items: list[dict[str, Any]] = self.aws.client("dynamodb").query(
            TableName=self.outputs.runs_table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"RUN#{run_id}"}},
            ConsistentRead=True,
        )["Items"]
        return items

    def read(self, key: str) -> bytes:
        """An object of the report bucket."""
        body: bytes = (
            self.aws.client("s3").get_object(Bucket=self.outputs.report_bucket, Key=key)["Body"].read()
        )
        return body


@pytest.fixture(scope="session")
def deployment() -> Iterator[Deployment]:
    with embedded_aws() as aws, running_simulated_model([], s3_endpoint_url=aws.url) as service:
        outputs = deploy(aws, {"rekognitionEndpointUrl": service.url, "modelPollSeconds": 1})
        s3 = aws.client("s3")
        for name, body in sample_images(4).items():
            s3.put_object(Bucket=outputs.image_bucket, Key=f"samples/{name}", Body=body)
        s3.put_object(Bucket=outputs.image_bucket, Key="samples/notes.txt", Body=b"not an image")
        s3.put_object(Bucket=outputs.image_bucket, Key="empty/a.jpg", Body=b"")
        yield Deployment(aws, service, outputs)


@pytest.fixture(scope="session")
def executions(deployment: Deployment) -> dict[str, Execution]:
    with ThreadPoolExecutor(len(SCENARIOS)) as threads:
        return {run.scenario.name: run for run in threads.map(deployment.run, SCENARIOS)}
