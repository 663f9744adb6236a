"""Runs that start by themselves: a deployment of its own with a schedule and upload triggers, a model for each.

Everything happens at once, and is over when the uploads' queue is empty; the tests then look at what ran.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from PIL import Image

from local.deployment import Outputs, deploy
from local.embedded_aws import EmbeddedAws
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.process import RunningSimulatedModel, running_simulated_model
from tests.support.aws import instrumented_aws
from tests.support.turns import Turns
from tests.waiting import wait_until as wait_for

LATER = "at(2099-01-01T00:00:00)"
# Prefix -> seconds without an upload, and images that are uploaded to start with.
BURSTS = {"one/": (5, 1), "hundred/": (10, 100), "thousand/": (10, 1000), "during/": (5, 1), "notes/": (1, 0)}
SCHEDULES = ("scheduled", "disabled")
SUFFIXES = ("png", "PNG", "Jpg", "jfif")  # what is in the file counts, and all are PNGs
FOREIGN = ("hello", json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"}))
QUICK = {"test": {"mode": "quick"}}


@dataclass(frozen=True)
class Triggered:
    """What was deployed, and the model of each trigger."""

    aws: EmbeddedAws
    service: RunningSimulatedModel
    outputs: Outputs
    models: Mapping[str, str]

    def upload(self, *keys: str) -> None:
        picture, s3 = io.BytesIO(), self.aws.client("s3")
        Image.new("RGB", (64, 64), "green").save(picture, "PNG")
        for key in keys:
            s3.put_object(Bucket=self.outputs.image_bucket, Key=key, Body=picture.getvalue())

    def runs(self) -> list[dict[str, Any]]:
        """All executions, oldest first."""
        states = self.aws.client("stepfunctions")
        pages = states.get_paginator("list_executions").paginate(stateMachineArn=self.outputs.state_machine_arn)
        described = [
            states.describe_execution(executionArn=run["executionArn"]) for page in pages for run in page["executions"]
        ]
        return sorted(described, key=lambda run: run["startDate"])

    def runs_of(self, name: str) -> list[dict[str, Any]]:
        """The executions for one model."""
        return [run for run in self.runs() if json.loads(run["input"])["modelArn"] == self.models[name]]

    def uploaded(self, prefix: str) -> list[datetime]:
        """When the objects under the prefix were uploaded, in order."""
        pages = self.aws.client("s3").get_paginator("list_objects_v2")
        listed = pages.paginate(Bucket=self.outputs.image_bucket, Prefix=prefix)
        return sorted(each["LastModified"] for page in listed for each in page.get("Contents", []))

    def was_started(self, name: str) -> bool:
        """Has a run started the model?"""
        return bool(self.service.model_report(self.models[name])["transitions"])

    def queues(self, name: str) -> list[str]:
        """The URLs of all queues that have this in their name."""
        return [url for url in self.aws.client("sqs").list_queues().get("QueueUrls", []) if name in url]

    def send(self, *bodies: str) -> None:
        """Messages to the queue of uploads."""
        (url,) = (url for url in self.queues("TriggersUploads") if "Undelivered" not in url and "Dead" not in url)
        for body in bodies:
            self.aws.client("sqs").send_message(QueueUrl=url, MessageBody=body)

    def bring_schedules_forward(self) -> None:
        """To now: nobody knows before the deployment how long that takes."""
        scheduler = self.aws.client("scheduler")
        for found in scheduler.list_schedules()["Schedules"]:
            entry = scheduler.get_schedule(Name=found["Name"])
            if entry["ScheduleExpression"] == LATER:
                now = datetime.now(UTC).strftime("at(%Y-%m-%dT%H:%M:%S)")
                kept = {name: entry[name] for name in ("Name", "FlexibleTimeWindow", "Target", "State")}
                scheduler.update_schedule(**kept, ScheduleExpression=now)

    def messages(self, queues: str) -> int:
        """In all queues that have this in their name: to be had, in hands, delayed."""
        sqs, urls = self.aws.client("sqs"), self.queues(queues)
        counts = [sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"] for url in urls]
        assert counts, queues
        kinds = ("", "NotVisible", "Delayed")
        return sum(int(count[f"ApproximateNumberOfMessages{kind}"]) for count in counts for kind in kinds)


def context(models: Mapping[str, str]) -> dict[str, object]:
    return {
        "modelPollSeconds": 1,
        "schedules": [
            {
                "expression": LATER,
                "input": {"modelArn": models[name], "images": {"prefix": "for-schedules/"}, **QUICK},
                "enabled": name != "disabled",
            }
            for name in SCHEDULES
        ],
        "uploadTriggers": [
            {"prefix": prefix, "settleSeconds": settle_s, "input": {"modelArn": models[prefix], **QUICK}}
            for prefix, (settle_s, _) in BURSTS.items()
        ],
    }


def play(triggered: Triggered) -> None:
    """Upload all bursts, and some more images while the run for `during/` is on; wait until nothing is to come."""
    triggered.upload("notes/readme.txt", "notes/photo.jpg.part", "reports/photo.jpg", "elsewhere/photo.jpg")
    triggered.send(*FOREIGN)
    keys = [
        f"{prefix}{number:04}.{SUFFIXES[number % len(SUFFIXES)]}"
        for prefix, (_, count) in BURSTS.items()
        for number in range(count)
    ]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda start: triggered.upload(*keys[start::8]), range(8)))
    # It starts its model after it has listed the images.
    wait_for("a run for during/", lambda: triggered.was_started("during/"))
    for number in range(3):
        triggered.upload(f"during/late-{number}.png")
        time.sleep(1)
    # A message waits as long as a run may be owed.
    wait_for("no message waits", lambda: triggered.messages("TriggersUploads") == 0)
    wait_for("the scheduled run", lambda: triggered.runs_of("scheduled"))
    wait_for("no run is on", lambda: all(run["status"] != "RUNNING" for run in triggered.runs()))


@pytest.fixture(scope="module")
def triggered(tmp_path_factory: pytest.TempPathFactory, turns: Turns) -> Iterator[Triggered]:
    fast = ModelSetup(truth=ModelTruth(start_s=1.0, stop_s=0.5))
    journal = tmp_path_factory.mktemp("triggers") / "journal"
    with instrumented_aws(journal) as aws, running_simulated_model([], s3_endpoint_url=aws.url) as service:
        models = {name: service.add_model(fast)["modelArn"] for name in (*BURSTS, *SCHEDULES)}
        outputs = deploy(aws, {"rekognitionEndpointUrl": service.url, **context(models)})
        triggered = Triggered(aws, service, outputs, models)
        triggered.upload("for-schedules/photo.png")
        triggered.bring_schedules_forward()
        with turns.loading(3):
            play(triggered)
        yield triggered


@pytest.mark.parametrize("prefix", ["one/", "hundred/", "thousand/"])
def test_a_burst_of_uploads_starts_one_run_that_sees_them_all(triggered: Triggered, prefix: str) -> None:
    """One run a silence: a busy machine may pause for longer than that within the burst."""
    settle_s, count = BURSTS[prefix]
    seconds = [int(at.timestamp()) for at in triggered.uploaded(prefix)]
    pauses = sum(later - earlier > settle_s for earlier, later in pairwise(seconds))
    runs = triggered.runs_of(prefix)

    assert 1 <= len(runs) <= 1 + pauses
    for run in runs:
        assert run["name"].startswith("upload-")
        assert json.loads(run["input"]) == {
            "modelArn": triggered.models[prefix],
            "images": {"bucket": triggered.outputs.image_bucket, "prefix": prefix},
            **QUICK,
        }
        assert run["status"] == "SUCCEEDED", run
        assert json.loads(run["output"])["verdict"] != "skipped"
    assert json.loads(runs[-1]["output"])["images"]["found"] == count


def test_uploads_during_a_run_lead_to_exactly_one_more_when_the_model_is_free(triggered: Triggered) -> None:
    first, *more = triggered.runs_of("during/")

    assert json.loads(first["output"])["images"]["found"] == 1
    assert json.loads(more[-1]["output"])["images"]["found"] == 4
    free_at = datetime.fromisoformat(json.loads(first["output"])["model"]["stoppedAt"])
    assert more[0]["startDate"] >= free_at
    # Unless this machine was so busy that the model was free before the last of them.
    assert len(more) == 1 or triggered.uploaded("during/")[-1] > free_at


def test_other_files_and_reports_start_nothing(triggered: Triggered) -> None:
    started = {
        json.loads(run["input"])["images"]["prefix"] for run in triggered.runs() if run["name"].startswith("upload-")
    }

    assert started == set(BURSTS) - {"notes/"}


def test_a_schedule_starts_its_run_with_its_input_and_a_disabled_one_none(triggered: Triggered) -> None:
    (run,) = triggered.runs_of("scheduled")

    assert run["status"] == "SUCCEEDED", run
    assert json.loads(run["input"])["images"] == {"prefix": "for-schedules/"}
    assert triggered.runs_of("disabled") == []


def test_nothing_was_given_up(triggered: Triggered) -> None:
    assert triggered.messages("DeadLetters") == triggered.messages("Undelivered") == 0
