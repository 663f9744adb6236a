"""The command-line client as a CI job runs it: a process of its own, its exit code, stdout, and files."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from iu_tuner.cli.outcome.assertions import OUTPUT_NAMES
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from tests.e2e.conftest import Deployment, Executions
from tests.e2e.scenarios import FAST, NOWHERE
from tests.waiting import MAX_S, wait_until

REPOSITORY = Path(__file__).parents[2]
HOLDS, DOES_NOT = "tpsPerInferenceUnit>=2", "tpsPerInferenceUnit>=40"


@dataclass(frozen=True)
class Client:
    """Starts clients, each with its own files, beside this deployment."""

    deployment: Deployment
    folder: Path

    def start(self, name: str, *arguments: str) -> subprocess.Popen[str]:
        with (self.folder / f"{name}.err").open("w", encoding="utf-8") as err:
            return subprocess.Popen(
                [sys.executable, "-m", "iu_tuner.cli", *arguments],
                cwd=REPOSITORY,
                env=self.deployment.aws.env(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=err,
                encoding="utf-8",
            )

    def ended(self, name: str, process: subprocess.Popen[str]) -> Ended:
        try:
            stdout, _ = process.communicate(timeout=MAX_S)
        finally:
            process.kill()
        return Ended(process.returncode, stdout, self.told(name))

    def run(self, name: str, *arguments: str) -> Ended:
        return self.ended(name, self.start(name, *arguments))

    def told(self, name: str) -> str:
        return (self.folder / f"{name}.err").read_text("utf-8")

    def wait_for(self, name: str, sentence: str) -> None:
        wait_until(f"{sentence!r} of the client", lambda: sentence in self.told(name))


@dataclass(frozen=True)
class Ended:
    """What a client left."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Clients:
    """All of them, and the models of two: `answered` was followed to its end, `interrupted` got SIGINT."""

    by_name: dict[str, Ended]
    models: dict[str, str]
    junit: Path


@pytest.fixture(scope="module")
def clients(deployment: Deployment, executions: Executions, tmp_path_factory: pytest.TempPathFactory) -> Clients:
    """All of them, while the other executions are under way."""
    with deployment.turns.loading(2):
        return run_clients(deployment, tmp_path_factory.mktemp("client"))


def run_clients(deployment: Deployment, folder: Path) -> Clients:
    client, junit = Client(deployment, folder), folder / "junit.xml"
    models = {name: new_model(deployment) for name in ("answered", "interrupted")}
    quick = ("--mode", "quick", "--json")
    answered = client.start(
        "answered",
        "run",
        models["answered"],
        *quick,
        "--name",
        "client-answered",
        "--average-tps",
        "6",
        "--assert",
        HOLDS,
        "--junit",
        str(junit),
    )
    # Long enough to be still on, however slowly the others come to their ends.
    interrupted = client.start(
        "interrupted", "run", models["interrupted"], "--mode", "precise", "--json", "--name", "client-stopped"
    )
    ended = {
        "refused": client.run("refused", "run", NOWHERE, "--mode", "fast", "--name", "client-refused"),
        "failed": client.run("failed", "run", NOWHERE, "--json"),
    }
    client.wait_for("interrupted", "measuring: step 1")
    ended["skipped"] = client.run("skipped", "run", models["interrupted"], "--assert", HOLDS)
    interrupted.send_signal(signal.SIGINT)
    ended["interrupted"] = client.ended("interrupted", interrupted)
    ended["answered"] = client.ended("answered", answered)
    ended["missed"] = client.run("missed", "follow", "client-answered", "--assert", DOES_NOT)
    ended["history"] = client.run("history", "history", models["answered"], "--json")
    return Clients(ended, models, junit)


def new_model(deployment: Deployment) -> str:
    return deployment.service.add_model(ModelSetup(truth=ModelTruth(tps_per_iu=5, **FAST)))["modelArn"]


def run_item(deployment: Deployment, run_id: str) -> dict[str, Any]:
    (item,) = [item for item in deployment.items(run_id) if item["sk"]["S"] == "RUN"]
    return item


@pytest.mark.parametrize(
    ("name", "code"),
    [("answered", 0), ("missed", 1), ("refused", 2), ("failed", 3), ("skipped", 4), ("interrupted", 130)],
)
def test_the_exit_code_tells_how_it_ended(clients: Clients, name: str, code: int) -> None:
    ended = clients.by_name[name]

    assert ended.code == code, ended.stderr
    assert "Traceback" not in ended.stderr


def test_stdout_is_the_output_of_the_execution(clients: Clients, deployment: Deployment) -> None:
    printed = json.loads(clients.by_name["answered"].stdout)

    assert printed == json.loads(deployment.read("reports/client-answered/result.json"))
    assert set(printed) <= set(OUTPUT_NAMES)  # of which assertions may speak
    assert printed["model"]["statusAfter"] == "STOPPED"


def test_junit_has_the_run_and_the_assertion(clients: Clients) -> None:
    root = ElementTree.parse(clients.junit).getroot()

    names = [case.attrib["name"] for case in root.iter("testcase")]
    assert names == ["run client-answered", HOLDS]
    assert (root.attrib["failures"], root.attrib["errors"]) == ("0", "0")


def test_progress_was_told_while_it_ran(clients: Clients) -> None:
    told = clients.by_name["answered"].stderr

    for sentence in ("will cost about $0.20", "starting the model", "measuring: step 1, ramp at 4 in flight"):
        assert sentence in told
    assert f"about {json.loads(clients.by_name['answered'].stdout)['maxTps']['estimate']:.2f}" in told


def test_the_run_s_item_ends_with_the_counts_of_the_output(clients: Clients, deployment: Deployment) -> None:
    item = run_item(deployment, "client-answered")
    so_far, output = json.loads(item["liveProgress"]["S"]), json.loads(clients.by_name["answered"].stdout)

    assert item["phase"]["S"] == "finished"
    for count in ("accepted", "throttled", "failed"):
        assert so_far[count] == output["requests"][count]
    assert so_far["estimate"]["tps"] == output["maxTps"]["estimate"]
    assert so_far["steps"] == output["steps"]


def test_ctrl_c_leaves_the_model_stopped_and_nobody_owing_it(clients: Clients, deployment: Deployment) -> None:
    model, ended = clients.models["interrupted"], clients.by_name["interrupted"]

    assert deployment.service.model_report(model)["status"] == "STOPPED"
    assert deployment.lease(model) is None
    assert json.loads(ended.stdout)["model"]["statusAfter"] == "STOPPED"
    assert "its model is settled" in ended.stderr


def test_a_refused_input_started_nothing(clients: Clients, deployment: Deployment) -> None:
    told = clients.by_name["refused"].stderr

    assert 'test.mode: got "fast"; takes "quick", "standard" or "precise"' in told
    assert deployment.items("client-refused") == []


def test_a_failed_run_is_told_by_name(clients: Clients) -> None:
    ended = clients.by_name["failed"]

    assert json.loads(ended.stdout)["error"] == "ModelNotFound"
    assert "ModelNotFound: " in ended.stderr


def test_a_skipped_run_says_who_holds_the_model(clients: Clients) -> None:
    assert "the run client-stopped holds the model" in clients.by_name["skipped"].stdout


def test_a_missed_assertion_says_what_was_found(clients: Clients) -> None:
    assert f"{DOES_NOT} does not hold: tpsPerInferenceUnit is" in clients.by_name["missed"].stderr


def test_history_has_the_run_s_output(clients: Clients) -> None:
    (past,) = json.loads(clients.by_name["history"].stdout)

    del past["startedAt"]
    assert past == json.loads(clients.by_name["answered"].stdout)
