"""The app as deployed by the CDK into an embedded AWS with IAM enforcement, against simulated models on the wire.

All executions of the session start together, each against a model of its own; the tests then look at them one by one.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests import hostile_images
from tests.e2e.news import News, listen
from tests.e2e.scenarios import SCENARIOS, Scenario
from tests.embedded import deployment as embedded
from tests.embedded.aws import instrumented_aws

LONGEST_RUN_S = 420


class TwoDeployments(LoadScopeScheduling):
    """Tests that look at the executions share a process and its deployment; those that start others share another."""

    def _split_scope(self, nodeid: str) -> str:
        return "others" if re.search(r"test_(client|triggers|quotas)\.py", nodeid) else "executions"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> TwoDeployments:
    return TwoDeployments(config, log)


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
class Deployment(embedded.Deployment):
    """The deployed app."""

    journal: Path
    """Of all calls that IAM decided on."""
    news: News
    """What is told of the runs."""

    def run(self, scenario: Scenario) -> Execution:
        names = self.service.add_model(scenario.model)
        self.report_traffic(names, scenario.traffic)
        for days_ago in (2, 10):
            self.report_past(names, scenario.past_tps, days_ago)
        raw = scenario.input(names["modelArn"], self.outputs.image_bucket)
        described = self.ended(self.start(scenario.name, raw), LONGEST_RUN_S)
        report = self.service.model_report(names["modelArn"])
        calls = [c for c in self.service.report()["callLog"] if c["modelArn"] == names["modelArn"]]
        return Execution(scenario, described, report, calls)

    def report_traffic(self, names: Mapping[str, str], requests: int) -> None:
        """What CloudWatch knows of others' requests to this model, a minute ago."""
        named = {"ProjectName": names["project"], "VersionName": names["version"]}
        dimensions = [{"Name": name, "Value": value} for name, value in named.items()]
        told = {"MetricName": "SuccessfulRequestCount", "Dimensions": dimensions, "Value": requests}
        if requests:
            self.aws.client("cloudwatch").put_metric_data(
                Namespace="AWS/Rekognition", MetricData=[{**told, "Timestamp": time.time() - 60}]
            )

    def report_past(self, names: Mapping[str, str], tps: Sequence[float], days_ago: int) -> None:
        """What CloudWatch kept of requests to this model, minute after minute."""
        named = {"ProjectName": names["project"], "VersionName": names["version"]}
        dimensions = [{"Name": name, "Value": value} for name, value in named.items()]
        begin = (time.time() // 60 - days_ago * 1440) * 60
        told = [
            {"MetricName": "SuccessfulRequestCount", "Dimensions": dimensions, "Timestamp": begin + 60 * minute,
             "Value": round(60 * rate)}
            for minute, rate in enumerate(tps)
        ]  # fmt: skip
        if told:
            self.aws.client("cloudwatch").put_metric_data(Namespace="AWS/Rekognition", MetricData=told)


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    journal = tmp_path_factory.mktemp("embedded-aws") / "journal"
    with instrumented_aws(journal) as aws, embedded.deployed(aws) as app:
        s3 = aws.client("s3")
        s3.put_object(Bucket=app.outputs.image_bucket, Key="samples/notes.txt", Body=b"not an image")
        s3.put_object(Bucket=app.outputs.image_bucket, Key="empty/a.jpg", Body=b"")
        for name, body in hostile_images.mixed_with_good_ones().items():
            s3.put_object(Bucket=app.outputs.image_bucket, Key=hostile_images.PREFIX + name, Body=body)
        yield Deployment(aws, app.service, app.outputs, journal, listen(aws))


@pytest.fixture(scope="session")
def executions(deployment: Deployment) -> dict[str, Execution]:
    with ThreadPoolExecutor(len(SCENARIOS)) as threads:
        return {run.scenario.name: run for run in threads.map(deployment.run, SCENARIOS)}
