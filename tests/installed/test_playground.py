"""The playground, used as its printed lines say: by an unchanged AWS CLI, by boto3, and by the installed client."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import venv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import boto3
import pytest

from iu_tuner.contract.model_arn import ModelArn
from iu_tuner.contract.names import VERSION
from local.playground import READY
from tests.support.hostile_images import JPEG
from tests.waiting import MAX_S, wait_until

REPOSITORY = Path(__file__).parents[2]
# It brings a botocore of its own, and is kept, as it is large: 15 MB to fetch, 150 MB on the disk.
AWS_CLI = "awscli==1.46.3"
KEPT = REPOSITORY / ".cache" / AWS_CLI
QUICK = {"mode": "quick"}
FAST = {"start_s": 2.0, "stop_s": 1.0}
SMALL = {f"{number}.jpg": JPEG + bytes([number]) for number in range(4)}


@dataclass(frozen=True)
class Playground:
    """A running playground: the lines that it printed."""

    lines: list[str]

    def value(self, name: str) -> str:
        (found,) = [match[1] for line in self.lines if (match := re.fullmatch(rf"  {name} +(\S+)", line))]
        return found

    @property
    def settings(self) -> dict[str, str]:
        """The environment that the printed line exports."""
        (line,) = [line for line in self.lines if line.startswith("  export ")]
        return dict(setting.split("=", 1) for setting in shlex.split(line)[1:])

    def environment(self, *names: str) -> dict[str, str]:
        """This process's environment without its AWS settings, with the printed ones of these names (none: all)."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {**kept, **{name: value for name, value in self.settings.items() if not names or name in names}}

    def add_model(self) -> str:
        """Add a fast model to the simulated service, as the printed curl command does. Returns its ARN."""
        url = f"{self.value('simulated Rekognition')}/_simulated/models"
        request = Request(url, data=json.dumps({"truth": FAST}).encode(), method="POST")
        with build_opener(ProxyHandler({})).open(request, timeout=30) as reply:
            return str(json.load(reply)["modelArn"])


@dataclass(frozen=True)
class Tools:
    """The folders of two virtual environments."""

    client: Path
    aws_cli: Path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Playground, Tools]]:
    """The playground, and beside its start the installations."""
    with ThreadPoolExecutor(1) as pool:
        tools = pool.submit(installed, tmp_path_factory.mktemp("client") / "venv")
        with running_playground() as running:
            yield running, tools.result()


@contextmanager
def running_playground() -> Iterator[Playground]:
    """Start the playground, wait until it is ready, and end it with Ctrl-C, which is no failure."""
    command = [sys.executable, "-m", "local.playground", "--start-seconds", "1", "--stop-seconds", "1"]
    process = subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    )
    lines: list[str] = []

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip("\n"))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        wait_until("the playground", lambda: READY in lines or process.poll() is not None)
        assert READY in lines, "\n".join(lines)
        yield Playground(lines)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        process.kill()
        reader.join()
        assert process.stdout is not None
        process.stdout.close()


def installed(client: Path) -> Tools:
    install(client, str(REPOSITORY))
    if not (KEPT / "ready").exists():
        install(KEPT, AWS_CLI)
        (KEPT / "ready").touch()
    return Tools(client, KEPT)


def install(folder: Path, what: str) -> None:
    venv.create(folder, clear=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-compile", what], check=True)


def run(program: Path, *arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run an installed program outside of the checkout."""
    command = [str(program), *arguments]
    return subprocess.run(
        command, cwd=program.parent, env=env, capture_output=True, encoding="utf-8", timeout=MAX_S, check=False
    )


def test_the_wheel_has_one_package_and_its_console_script(world: tuple[Playground, Tools]) -> None:
    _, tools = world
    (site,) = (tools.client / "lib").glob("python*/site-packages")
    (record,) = site.glob("inference_unit_tuner-*.dist-info/RECORD")
    tops = {line.split("/")[0] for line in record.read_text("utf-8").splitlines()}

    assert {top for top in tops if not top.endswith(".dist-info") and top != ".."} == {"iu_tuner"}
    assert not [path for path in site.iterdir() if path.name.startswith(("aws_cdk", "constructs"))]
    said = run(tools.client / "bin" / "iu-tuner", "--version", env={})
    assert said.stdout == f"iu-tuner {VERSION}\n"


def test_aws_cli_boto3_and_client_each_run_an_execution(
    world: tuple[Playground, Tools], tmp_path_factory: pytest.TempPathFactory
) -> None:
    playground, tools = world
    machine, there = playground.value("state machine"), ("--endpoint-url", playground.value("embedded AWS"))
    only_credentials = playground.environment("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
    models = [playground.add_model() for _ in range(2)] + [playground.value("model")]
    images, bucket, s3 = tmp_path_factory.mktemp("images"), playground.value("image bucket"), client("s3", playground)
    (images / "notes.txt").write_text("no image", "utf-8")
    for name, body in SMALL.items():
        (images / name).write_bytes(body)
        s3.put_object(Bucket=bucket, Key=f"small/{name}", Body=body)
    states = client("stepfunctions", playground)

    small = {"test": QUICK, "images": {"prefix": "small/"}}  # large ones cost this machine most
    raw = [json.dumps({"modelArn": model, **small}) for model in models]
    by_cli = run(
        tools.aws_cli / "bin" / "aws",
        *("stepfunctions", "start-execution", "--state-machine-arn", machine, "--input", raw[0], *there),
        env=only_credentials,
    )
    assert by_cli.returncode == 0, by_cli.stderr
    by_boto3 = states.start_execution(stateMachineArn=machine, input=raw[1])
    succeeded(states, by_boto3["executionArn"])  # an account runs two models at once
    by_client = run(
        tools.client / "bin" / "iu-tuner",
        *("run", models[2], "--mode", "quick", "--image-folder", str(images), "--json", *there),
        env=only_credentials,
    )
    succeeded(states, json.loads(by_cli.stdout)["executionArn"])

    assert by_client.returncode == 0, by_client.stderr
    assert "1 file of" in by_client.stderr and "notes.txt (neither JPEG nor PNG)" in by_client.stderr
    output = json.loads(by_client.stdout)
    uploaded = s3.list_objects_v2(Bucket=bucket, Prefix=output["images"]["prefix"])
    assert {each["Key"].rpartition("/")[2] for each in uploaded["Contents"]} == set(SMALL)
    assert output["model"]["statusAfter"] == "STOPPED"


def test_the_client_shows_a_model_that_scales(world: tuple[Playground, Tools]) -> None:
    playground, tools = world
    model = playground.add_model()
    names = ModelArn.of(model)
    dimensions = [{"Name": "ProjectName", "Value": names.project}, {"Name": "VersionName", "Value": names.version}]
    client("cloudwatch", playground).put_metric_data(
        Namespace="AWS/Rekognition",
        MetricData=[
            {"MetricName": f"{name}InferenceUnits", "Dimensions": dimensions, "Value": value}
            for name, value in (("InService", 2), ("Desired", 3))
        ],
    )
    rekognition = client("rekognition", playground, playground.value("simulated Rekognition"))
    rekognition.start_project_version(ProjectVersionArn=model, MinInferenceUnits=2, MaxInferenceUnits=4)

    def status() -> str:
        return run(tools.client / "bin" / "iu-tuner", "status", model, env=playground.environment()).stdout

    wait_until("the model's status", lambda: "is RUNNING" in status())
    said = status()
    rekognition.stop_project_version(ProjectVersionArn=model)

    assert "2 in service, 3 desired: scaling up 2 -> 3 (started with 2 to 4)" in said
    assert "Cost: $8.00 an hour (2 x $4)" in said


def test_the_client_shows_the_thresholds_of_a_training(world: tuple[Playground, Tools]) -> None:
    playground, tools = world
    model, there = playground.value("model"), playground.value("embedded AWS")
    env = playground.environment("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")

    said = run(tools.client / "bin" / "iu-tuner", "thresholds", model, "--json", "--endpoint-url", there, env=env)

    assert said.returncode == 0, said.stderr
    labels = {each["name"]: each["assumedThreshold"] for each in json.loads(said.stdout)["labels"]}
    assert labels == {"bee": pytest.approx(61), "flower": pytest.approx(8.75)}


def client(service: str, playground: Playground, endpoint_url: str | None = None) -> Any:
    """A client of plain boto3."""
    settings = playground.settings
    session: Any = boto3.session.Session(
        settings["AWS_ACCESS_KEY_ID"], settings["AWS_SECRET_ACCESS_KEY"], region_name=settings["AWS_REGION"]
    )
    return session.client(service, endpoint_url=endpoint_url or settings["AWS_ENDPOINT_URL"])


def succeeded(states: Any, execution_arn: str) -> None:
    """Wait for the end of an execution, which must succeed."""
    wait_until(execution_arn, lambda: states.describe_execution(executionArn=execution_arn)["status"] != "RUNNING")
    described = states.describe_execution(executionArn=execution_arn)
    assert described["status"] == "SUCCEEDED", described.get("cause")
