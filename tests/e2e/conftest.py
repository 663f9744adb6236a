"""The app as deployed by the CDK into an embedded AWS with IAM enforcement, against simulated models on the wire.

Each execution of the session has a model of its own. They run in the background, longest first, so many at a time as
this machine carries; a test waits for the one that it looks at.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.life import Seen, whole_life
from tests.e2e.news import News, listen
from tests.e2e.scenarios import PHOTO_BYTES, PHOTOS, SCENARIOS, Scenario
from tests.e2e.uploads import upload_world  # noqa: F401 - a fixture
from tests.support import deployment as embedded
from tests.support import hostile_images
from tests.support.aws import instrumented_aws
from tests.support.earlier_version import deploy_earlier_version
from tests.support.repeats import record_repeat, repeats_file
from tests.support.turns import LOADS_AT_ONCE, Turns

# It only guards against a run that never ends: on a busy machine each Lambda takes several times as long.
MAX_RUN_S = 900
# Verdicts that ask the user to run again; a load worker without its share of the processor comes to them.
RUN_AGAIN = ("client-limited", "unstable", "throttles-below-max")
MAX_TRIES = 3
ACCOUNT_CONCURRENCY = 400  # of `app`


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the executions that were run again."""
    factory = getattr(config, "_tmp_path_factory", None)
    if factory is not None and (file := repeats_file(factory)).exists():
        terminalreporter.section("executions that were run again")
        terminalreporter.write(file.read_text("utf-8"))


@dataclass(frozen=True)
class Execution:
    """One finished execution and what its simulated model saw of it."""

    scenario: Scenario
    described: Mapping[str, Any]
    model: Mapping[str, Any]

    def __repr__(self) -> str:
        """What a failed test shows: how it ended, and the model's books."""
        told = {name: self.described[name] for name in ("error", "cause", "output") if name in self.described}
        lines = [f"{self.run_id}: {self.described['status']}", *(f"  {name}: {text}" for name, text in told.items())]
        books = ("status", "transitions", "totals", "inferenceUnitSecondsBilled", "trueTps", "perSecond", "calls")
        return "\n".join([*lines, *(f"  model's {name}: {json.dumps(self.model[name])}" for name in books)])

    @property
    def output(self) -> dict[str, Any]:
        assert self.described["status"] == "SUCCEEDED", str(self)
        output: dict[str, Any] = json.loads(self.described["output"])
        return output

    @property
    def run_id(self) -> str:
        return str(self.described["name"])


class Executions(Mapping[str, Execution]):
    """By the scenario's name; to ask for one is to wait for its end."""

    def __init__(self, running: Mapping[str, Future[Execution]], life: Future[Seen] | None) -> None:
        self._running = running
        self.life = life

    def __getitem__(self, name: str) -> Execution:
        return self._running[name].result()

    def __iter__(self) -> Iterator[str]:
        return iter(self._running)

    def __len__(self) -> int:
        return len(self._running)

    def wait(self) -> None:
        """For the end of all."""
        for run in self._running.values():
            run.result()


@dataclass(frozen=True)
class Deployment(embedded.Deployment):
    """The deployed app."""

    journal: Path
    """Of all calls that IAM decided on."""
    news: News
    """What is told of the runs."""

    turns: Turns
    """Of the runs that load their models."""

    repeats: Path
    """The list of executions that were run again."""

    def run(self, scenario: Scenario) -> Execution:
        """Run it; once more, as a user would, when the answer says that the client had no time to measure."""
        with self.turns.loading() if scenario.load_s else nullcontext():
            for attempt in range(1, MAX_TRIES + 1):
                run = self.run_once(scenario, scenario.name if attempt == 1 else f"{scenario.name}-{attempt}")
                verdict = json.loads(run.described.get("output", "{}")).get("verdict")
                if verdict == scenario.verdict or verdict not in RUN_AGAIN:
                    break
                record_repeat(self.repeats, run.run_id, verdict, scenario.verdict)
        return run

    def run_once(self, scenario: Scenario, name: str) -> Execution:
        names = self.service.add_model(scenario.model)
        self.report_traffic(names, scenario.traffic)
        for days_ago in (2, 10):
            self.report_past(names, scenario.past_tps, days_ago)
        raw = scenario.input(names["modelArn"], self.outputs.image_bucket)
        described = self.ended(self.start(name, raw), MAX_RUN_S)
        return Execution(scenario, described, self.service.model_report(names["modelArn"]))

    def runs(self) -> list[dict[str, Any]]:
        """All executions, as described."""
        states = self.aws.client("stepfunctions")
        pages = states.get_paginator("list_executions").paginate(stateMachineArn=self.outputs.state_machine_arn)
        return [
            states.describe_execution(executionArn=run["executionArn"]) for page in pages for run in page["executions"]
        ]

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
            {
                "MetricName": "SuccessfulRequestCount",
                "Dimensions": dimensions,
                "Timestamp": begin + 60 * minute,
                "Value": round(60 * rate),
            }
            for minute, rate in enumerate(tps)
        ]
        if told:
            self.aws.client("cloudwatch").put_metric_data(Namespace="AWS/Rekognition", MetricData=told)


@pytest.fixture(scope="session")
def turns(tmp_path_factory: pytest.TempPathFactory) -> Turns:
    return Turns.of_session(tmp_path_factory)


@pytest.fixture(scope="session")
def repeats(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repeats_file(tmp_path_factory)


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory, turns: Turns, repeats: Path) -> Iterator[Deployment]:
    journal = tmp_path_factory.mktemp("embedded-aws") / "journal"
    with instrumented_aws(journal) as aws, embedded.deployed(aws) as app:
        s3 = aws.client("s3")
        s3.put_object(Bucket=app.outputs.image_bucket, Key="samples/notes.txt", Body=b"not an image")
        s3.put_object(Bucket=app.outputs.image_bucket, Key="empty/a.jpg", Body=b"")
        for name, body in hostile_images.mixed_with_good_ones().items():
            s3.put_object(Bucket=app.outputs.image_bucket, Key=hostile_images.PREFIX + name, Body=body)
        for size in PHOTO_BYTES:
            body = hostile_images.JPEG.ljust(size, b"\0")
            s3.put_object(Bucket=app.outputs.image_bucket, Key=f"{PHOTOS}{size}.jpg", Body=body)
        yield Deployment(aws, app.service, app.outputs, journal, listen(aws), turns, repeats)


@dataclass(frozen=True)
class Upgraded(embedded.Deployment):
    """The app, deployed over an earlier version of it."""

    earlier: Mapping[str, str]
    """The physical ids of the earlier version's resources, by logical id."""


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    """Another deployment, for models of both services, with quotas of Lambda that its tests change."""
    journal = tmp_path_factory.mktemp("embedded-aws") / "journal"
    options = {"LAMBDA_ACCOUNT_CONCURRENCY": str(ACCOUNT_CONCURRENCY)}
    with instrumented_aws(journal, **options) as aws:
        earlier = deploy_earlier_version(aws)
        with embedded.deployed(aws, "lookoutVisionEndpointUrl") as app:
            yield Upgraded(aws, app.service, app.outputs, earlier)


@pytest.fixture(scope="session")
def executions(
    deployment: Deployment, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Executions]:
    """All of them under way, and beside them the other deployment's life where a test asks for it."""
    longest_first = sorted(SCENARIOS, key=lambda scenario: -scenario.load_s)
    with ThreadPoolExecutor(LOADS_AT_ONCE) as loading, ThreadPoolExecutor(4) as others:
        wants_life = any("test_least_privilege" in item.nodeid for item in request.session.items)
        journal = tmp_path_factory.mktemp("whole-life") / "journal"
        life = others.submit(whole_life, journal, deployment.turns) if wants_life else None
        running = {
            scenario.name: (loading if scenario.load_s else others).submit(deployment.run, scenario)
            for scenario in longest_first
        }
        try:
            yield Executions(running, life)
        finally:
            for run in running.values():
                run.cancel()
