"""Deleting the stack while a run is on stops the model first."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.deployment import destroy
from tests.faults.row import Row
from tests.support.aws import instrumented_aws
from tests.support.deployment import Deployment, deployed
from tests.waiting import wait_until


@dataclass(frozen=True)
class Deleted:
    """What is left after the deletion."""

    model: dict[str, Any]
    stack: str
    asked_at: float


@pytest.fixture(scope="module")
def deleted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deleted]:
    journal: Path = tmp_path_factory.mktemp("deletion") / "journal.jsonl"
    with instrumented_aws(journal) as aws, deployed(aws) as app:
        row = Row(name="deleted-in-mid-run", section="deletion", what="")
        model_arn = app.service.add_model(row.model)["modelArn"]
        app.start(row.name, row.input(model_arn))
        wait_until("load", lambda: app.service.model_report(model_arn)["totals"]["accepted"] >= 10)
        asked_at = time.time()
        destroy(aws)
        yield Deleted(app.service.model_report(model_arn), _stack(app), asked_at)


def _stack(app: Deployment) -> str:
    try:
        (stack,) = app.aws.client("cloudformation").describe_stacks(StackName="InferenceUnitTuner")["Stacks"]
    except ClientError:
        return "gone"
    return str(stack["StackStatus"])


def test_deleting_the_stack_in_mid_run_stops_the_model(deleted: Deleted) -> None:
    moves = deleted.model["transitions"]

    assert deleted.stack in ("gone", "DELETE_COMPLETE")
    assert [move["to"] for move in moves] == ["STARTING", "RUNNING", "STOPPING", "STOPPED"]
    assert moves[-1]["at"] > deleted.asked_at


def test_it_leaves_no_load(deleted: Deleted) -> None:
    assert deleted.model["lastDetectAt"] <= deleted.model["transitions"][-1]["at"]
