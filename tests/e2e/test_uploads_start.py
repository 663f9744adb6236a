"""Uploads that start their model: each wave starts it once, and it stops by itself; an aborted run stops it, too."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from iu_tuner.cli.main import main
from simulation.samples.pictures import jpeg
from tests.e2e.uploads import STARTING as PREFIX
from tests.e2e.uploads import TRUTH, WAITING, UploadWorld
from tests.model_books import answers_by_key
from tests.support.deployment import Deployment
from tests.support.modules import ROOT
from tests.support.rights import Roles
from tests.waiting import wait_until

IMAGES = 40
OF_TESTS = "test"  # the access key of calls that a test makes itself
SERVING = ("PrepareServe", "LookAtUploads", "PublishServe", "Gatekeeper")
BY_SERVICES = ("logs:", "xray:", "kms:", "lambda:", "servicequotas:")  # the embedded AWS does not ask IAM
UNSEEN = {
    ("PrepareServe", "dynamodb:DeleteItem"): "only when the stack is being deleted at this very moment",
    ("Gatekeeper", "dynamodb:Query"): "only where somebody else starts the model: the run has set its pace already",
}


@dataclass(frozen=True)
class Uploads:
    """The deployed app whose uploads start their model."""

    world: UploadWorld
    app: Deployment
    model_arn: str
    machine_arn: str
    seen: set[str] = field(default_factory=set)  # the names of the runs that `start` has returned

    def upload(self, wave: str, images: int = IMAGES) -> set[str]:
        """Upload so many images. Returns their keys."""
        s3, bucket = self.app.aws.client("s3"), self.app.outputs.image_bucket
        keys = [f"{PREFIX}{wave}-{number:02}.jpg" for number in range(images)]
        bodies = (jpeg(filling=number) for number in range(images))
        with ThreadPoolExecutor(4) as threads:
            put = threads.map(lambda key, body: s3.put_object(Bucket=bucket, Key=key, Body=body), keys, bodies)
            list(put)
        return set(keys)

    def look(self) -> None:
        """What the scheduler does each minute, and sometimes twice."""
        for _ in range(2):
            self.world.look(PREFIX)

    def runs(self) -> list[dict[str, Any]]:
        """All executions, the latest first, as described."""
        states = self.app.aws.client("stepfunctions")
        listed = states.list_executions(stateMachineArn=self.machine_arn)["executions"]
        return [states.describe_execution(executionArn=each["executionArn"]) for each in listed]

    def start(self) -> dict[str, Any]:
        """The run that the uploads start when the Gatekeeper looks, be it the scheduler's look or one of here."""

        def new_runs() -> list[dict[str, Any]]:
            return [run for run in self.runs() if run["name"] not in self.seen]

        def has_started() -> bool:
            self.look()
            return bool(new_runs())

        wait_until("the start of the run", has_started)
        (run,) = new_runs()
        self.seen.add(run["name"])
        return run

    def output(self, run: dict[str, Any]) -> dict[str, Any]:
        described = self.app.ended(run["executionArn"], 300)
        assert described["status"] == "SUCCEEDED", described
        output: dict[str, Any] = json.loads(described["output"])
        return output

    def results(self) -> set[str]:
        """The keys of the images that have a result."""
        return {key.removesuffix(".json") for key in self.world.files(PREFIX) if key.endswith(".json")}

    def transitions(self) -> list[str]:
        """What has become of the model, by its own book."""
        return [each["to"] for each in self.app.service.model_report(self.model_arn)["transitions"]]


@pytest.fixture(scope="module")
def uploads(upload_world: UploadWorld) -> Uploads:
    aws, service, outputs = upload_world.aws, upload_world.service, upload_world.outputs
    _, arn = service.model_arns
    give_measurement(upload_world, arn)
    machines = aws.client("stepfunctions").list_state_machines()["stateMachines"]
    (machine,) = (each["stateMachineArn"] for each in machines if "Serve" in each["name"])
    return Uploads(upload_world, Deployment(aws, service, outputs), arn, machine)


def give_measurement(world: UploadWorld, model_arn: str) -> None:
    """An earlier run's answer, so that the first request of a wave is sent at the model's rate."""
    lines = (ROOT / "tests/unit/contract/output/outputs.jsonl").read_text("utf-8").splitlines()
    output = next(each for each in map(json.loads, lines) if each["verdict"] == "ok" and "cost" in each)
    output |= {"tpsPerInferenceUnit": TRUTH.tps_per_iu, "inferenceUnits": 1}
    output["recommendation"]["minInferenceUnits"] = 1
    item = {"pk": f"MODEL#{model_arn}", "sk": "RUN#2026-01-01T00:00:00Z", "output": json.dumps(output), "verdict": "ok"}
    world.aws.client("dynamodb").put_item(
        TableName=world.outputs.runs_table, Item={name: {"S": text} for name, text in item.items()}
    )


@pytest.mark.parametrize(("wave", "starts"), [("first", 1), ("second", 2)])
def test_a_wave_starts_the_model_once_and_it_stops_by_itself(uploads: Uploads, wave: str, starts: int) -> None:
    keys = uploads.upload(wave)

    output = uploads.output(uploads.start())

    assert uploads.transitions().count("STARTING") == starts
    assert uploads.app.service.model_report(uploads.model_arn)["status"] == "STOPPED"
    assert keys <= uploads.results()
    assert (output["verdict"], output["images"]) == ("served", {"done": IMAGES, "failed": 0, "waiting": 0})
    assert output["model"]["statusAfter"] == "STOPPED"
    assert "settledBy" not in output["model"], "by its own states"
    assert output["cost"]["runUsd"] > 0
    assert f"reports/{output['runId']}/report.html" in uploads.world.files("reports/")
    paid = answers_by_key(uploads.app.service.image_books(uploads.model_arn))
    assert {key: paid[key] for key in keys} == dict.fromkeys(keys, 1)
    assert (uploads.world.gate(PREFIX), uploads.app.lease(uploads.model_arn)) == ("Disabled", None)
    uploads.look()
    assert len(uploads.runs()) == starts, "nothing waits"


def test_the_client_follows_a_run_and_lists_it(
    uploads: Uploads, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(name, value)
    run, there = uploads.runs()[0], ["--endpoint-url", uploads.app.aws.url]

    assert main(["follow", run["name"], "--region", "us-east-1", *there]) == 0
    said = capsys.readouterr().out
    assert main(["history", uploads.model_arn, "--json", *there]) == 0
    latest, *_ = json.loads("[" + capsys.readouterr().out.partition("[")[2])

    assert said.startswith(f"{IMAGES} uploads analysed")
    assert f"reports/{run['name']}/report.html" in said
    assert (latest["runId"], latest["task"], latest["verdict"]) == (run["name"], "serve", "served")


def test_an_aborted_run_stops_the_model_and_is_not_repeated_at_once(uploads: Uploads) -> None:
    keys = uploads.upload("third")
    run = uploads.start()
    wait_until("the first results", lambda: keys & uploads.results())

    uploads.app.aws.client("stepfunctions").stop_execution(executionArn=run["executionArn"])

    wait_until("the release of the model", lambda: uploads.app.lease(uploads.model_arn) is None)
    assert uploads.app.service.model_report(uploads.model_arn)["status"] == "STOPPED"
    uploads.upload("fourth", images=1)
    uploads.look()
    assert uploads.runs()[0]["executionArn"] == run["executionArn"]
    assert uploads.transitions().count("STARTING") == 3


def test_the_lambdas_do_what_their_roles_allow_and_use_all_of_it(uploads: Uploads) -> None:
    uploads.world.look(WAITING)  # the Gatekeeper has rights for each of the queues and models
    roles = Roles.of(uploads.app.aws)
    log = [each for each in uploads.app.service.report()["callLog"] if each["accessKeyId"] != OF_TESTS]
    calls, denied = roles.calls(uploads.world.journal, log)
    rights = {right for right in roles.rights if right.function in SERVING}
    own = {call for call in calls if call.function in SERVING}

    assert sorted(denied) == []
    assert sorted(call for call in own if not any(right.covers(call) for right in rights)) == []
    unused = {right for right in rights if not any(right.covers(call) for call in own)}
    excused = {(right.function, right.action) for right in unused if right.action.startswith(BY_SERVICES)} | set(UNSEEN)
    assert sorted(right for right in unused if (right.function, right.action) not in excused) == []
