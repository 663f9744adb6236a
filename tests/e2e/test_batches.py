"""Batches in a deployment of their own, with IAM: each image exactly one result, and the model off afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from iu_tuner.contract.names import MASK_SUFFIX
from local.simulated_model.account import ModelSetup
from local.simulated_model.answers.setup import AnswerSetup
from local.simulated_model.model_spec import ModelTruth
from tests.model_books import answers_by_key
from tests.support.aws import instrumented_aws
from tests.support.deployment import Deployment, deployed
from tests.support.hostile_images import JPEG, ON_ONE_LINE
from tests.support.rights import OF_BATCHES, Roles
from tests.support.turns import Turns
from tests.waiting import wait_until

IMAGES, TPS = 300, 45.0
ODD = [name for name in ON_ONE_LINE if name.lower().endswith((".jpg", ".png"))]
POISON = ("incoming/00007.jpg", "incoming/00123.jpg", f"incoming/{ODD[0]}")
MAX_RUN_S = 240
BY_SERVICES = ("logs:", "xray:", "kms:", "servicequotas:", "lambda:")  # the embedded AWS does not ask IAM
# (Lambda, action) -> why the role allows what was never seen.
UNSEEN = {
    ("PrepareBatch", "dynamodb:DeleteItem"): "only when the stack is being deleted at this very moment",
    ("PrepareBatch", "cloudwatch:GetMetricData"): "only for a model that runs already",
    ("PrepareBatch", "dynamodb:Query"): "only without tps",
    ("PrepareBatch", "s3:ListBucket"): "only to find the Region of a bucket that the input names",
    ("PlanRound", "cloudwatch:GetMetricData"): "only for a model that auto-scales",
    ("ProcessImages", "s3:DeleteObject"): "only where an image had an error before",
}


@dataclass(frozen=True)
class Batches:
    """The deployed app, and the journal of all calls that IAM decided on."""

    app: Deployment
    journal: Path

    def upload(self, prefix: str, names: list[str]) -> None:
        s3, bucket = self.app.aws.client("s3"), self.app.outputs.image_bucket

        def put(numbered: tuple[int, str]) -> None:
            number, name = numbered
            s3.put_object(Bucket=bucket, Key=f"{prefix}{name}", Body=JPEG + prefix.encode() + number.to_bytes(4, "big"))

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(put, enumerate(names)))

    def model(self, *poison: str) -> str:
        truth = ModelTruth(tps_per_iu=TPS, latency_mean_s=0.08, start_s=1.0, stop_s=0.5)
        answers = AnswerSetup(poison=tuple({"key": key} for key in poison))
        return str(self.app.service.add_model(ModelSetup(truth=truth, answers=answers))["modelArn"])

    def start(self, name: str, **raw: Any) -> str:
        return self.app.start(name, {"task": "process", **raw}, is_batch=True)

    def output(self, execution_arn: str) -> dict[str, Any]:
        ended = self.app.ended(execution_arn, MAX_RUN_S)
        assert ended["status"] == "SUCCEEDED", (ended.get("error"), ended.get("cause"))
        output: dict[str, Any] = json.loads(ended["output"])
        return output

    def lines(self, output: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The detections lines of all parts of a manifest."""
        manifest = json.loads(self.app.read(key_of(output["manifestUri"])))
        parts = [self.app.read(part["key"]).decode().splitlines() for part in manifest["parts"]]
        assert [len(lines) for lines in parts] == [part["lines"] for part in manifest["parts"]]
        return [json.loads(line) for lines in parts for line in lines]


def key_of(uri: str) -> str:
    return uri.split("/", 3)[3]


def assert_accounted(images: Mapping[str, int]) -> None:
    assert images["listed"] == images["current"] + images["done"] + images["failed"] + images["left"]


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory, turns: Turns) -> Iterator[Batches]:
    journal = tmp_path_factory.mktemp("batches") / "journal"
    with instrumented_aws(journal) as aws, deployed(aws) as app, turns.loading(2):
        yield Batches(app, journal)


def test_each_image_has_exactly_one_result_and_a_second_run_pays_for_nothing(batches: Batches) -> None:
    names = [f"{number:05}.jpg" for number in range(IMAGES - len(ODD))] + ODD
    batches.upload("incoming/", names)
    batches.app.aws.client("s3").put_object(
        Bucket=batches.app.outputs.image_bucket, Key="incoming/notes.txt", Body=b"x"
    )
    model = batches.model(*POISON)

    output = batches.output(batches.start("batch-1", modelArn=model, tps=TPS))

    images, books = output["images"], batches.app.service.image_books(model)
    assert_accounted(images)
    counts = {name: images[name] for name in ("listed", "notImages", "current", "done", "failed", "left")}
    good = IMAGES - len(POISON)
    assert counts == {"listed": IMAGES, "notImages": 1, "current": 0, "done": good, "failed": 3, "left": 0}
    assert output["verdict"] == "partial"
    wanted = {f"incoming/{name}" for name in names} - set(POISON)
    assert answers_by_key(books) == dict.fromkeys(wanted, 1)
    assert {line["key"] for line in batches.lines(output)} == wanted
    assert len(batches.lines(output)) == good
    failed = [json.loads(line) for line in batches.app.read(key_of(output["failedUri"])).decode().splitlines()]
    assert {each["key"]: each["error"] for each in failed} == dict.fromkeys(POISON, "InvalidImageFormatException")
    expected = {f"results/{key}.json" for key in wanted} | {f"results/{key}.error.json" for key in POISON}
    assert set(batches.app.keys("results/")) == expected
    assert key_of(output["reportUri"]) in batches.app.keys("reports/batch-1/")
    assert output["throughput"]["throttledShare"] < 0.05
    report = batches.app.service.model_report(model)
    assert report["status"] == output["model"]["statusAfter"] == "STOPPED"
    assert batches.app.lease(model) is None

    again = batches.output(batches.start("batch-2", modelArn=model, tps=TPS, limits={"maxFailedPercent": 100}))

    # Only the poison has no result yet; with it left out there is nothing to do.
    assert_accounted(again["images"])
    assert again["images"]["current"] == good
    assert answers_by_key(batches.app.service.image_books(model)) == dict.fromkeys(wanted, 1)


def test_a_batch_without_open_images_never_starts_its_model(batches: Batches) -> None:
    batches.upload("few/", [f"{number}.jpg" for number in range(20)])
    model = batches.model()
    few = {"modelArn": model, "images": {"prefix": "few/"}}
    assert batches.output(batches.start("few-1", **few))["verdict"] == "complete"
    before = batches.app.service.model_report(model)["transitions"]

    again = batches.output(batches.start("few-2", **few))

    assert again["verdict"] == "nothing-to-do"
    assert again["cost"]["runUsd"] == 0
    assert batches.app.service.model_report(model)["transitions"] == before


def test_a_batch_that_was_aborted_is_resumed_without_a_loss(batches: Batches) -> None:
    names = [f"{number:05}.jpg" for number in range(IMAGES)]
    batches.upload("long/", names)
    model = batches.model()
    long = {"modelArn": model, "images": {"prefix": "long/"}, "tps": TPS}
    first = batches.start("long-1", **long)
    wait_until("some answers", lambda: len(answers_by_key(batches.app.service.image_books(model))) > IMAGES / 3)
    batches.app.aws.client("stepfunctions").stop_execution(executionArn=first)
    wait_until("the release of the model", lambda: batches.app.lease(model) is None)
    assert batches.app.service.model_report(model)["status"] == "STOPPED"

    output = batches.output(batches.start("long-2", **long, resume="long-1"))

    assert_accounted(output["images"])
    assert (output["images"]["listed"], output["images"]["left"], output["verdict"]) == (IMAGES, 0, "complete")
    assert {line["key"] for line in batches.lines(output)} == {f"long/{name}" for name in names}
    assert set(batches.app.keys("results/long/")) == {f"results/long/{name}.json" for name in names}


def test_the_lambdas_of_a_batch_do_what_their_roles_allow_and_use_all_of_it(batches: Batches) -> None:
    roles = Roles.of(batches.app.aws)
    calls, denied = roles.calls(batches.journal, batches.app.service.report()["callLog"])
    rights = {right for right in roles.rights if right.function in OF_BATCHES}
    own = {call for call in calls if call.function in OF_BATCHES}

    assert sorted(denied) == []
    assert sorted(call for call in own if not any(right.covers(call) for right in rights)) == []
    unused = {right for right in rights if not any(right.covers(call) for call in own)}
    # Only results of a service with masks have them; only after a worker was killed, another one reads its results.
    unused = {right for right in unused if not right.resource.endswith((MASK_SUFFIX, "/*.json"))}
    excused = {(right.function, right.action) for right in unused if right.action.startswith(BY_SERVICES)} | set(UNSEEN)
    assert sorted(right for right in unused if (right.function, right.action) not in excused) == []
