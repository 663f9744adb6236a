"""What an earlier version has written is read by this one: runs that ended, and one that the update interrupts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from iu_tuner.cli.aws.runs_table import RunsTable
from lambdas.cleanup.cleanup import clean_up_ended
from lambdas.models.lease_store import lease_store
from lambdas.past_runs.store import history
from local.simulated_model.account import ModelSetup
from tests.states.conftest import TABLE, Stack
from tests.support.earlier_version import ITEMS
from tests.support.earlier_version import MODEL_ARN as MODEL


@pytest.fixture
def put(stack: Stack) -> Any:
    def put(state: str, model_arn: str = MODEL) -> None:
        text = json.dumps(ITEMS[state]).replace(MODEL, model_arn)
        text = text.replace(f"{_project(MODEL)}/", f"{_project(model_arn)}/")
        if model_arn != MODEL:  # a project's ARN ends in an epoch of its own
            project_arn = stack.service.model_report(model_arn)["projectArn"]
            text = re.sub(rf"{re.escape(_project(model_arn))}/[0-9]+", project_arn, text)
        for item in json.loads(text):
            stack.dynamodb.put_item(TableName=TABLE, Item=item)

    return put


def _project(model_arn: str) -> str:
    return model_arn.partition("/version/")[0]


def test_an_earlier_run_is_in_the_history_with_its_whole_output(stack: Stack, put: Any) -> None:
    put("finished")

    (past,) = RunsTable(stack.dynamodb, TABLE).past_runs(MODEL, 5)

    kept = next(json.loads(item["output"]["S"]) for item in ITEMS["finished"] if "output" in item)
    assert past.values == {**kept, "startedAt": past.values["startedAt"]}
    assert past.output is not None and past.output.max_tps is not None
    assert (past.output.verdict, past.output.max_tps.estimate) == ("ok", 6.0)


def test_an_earlier_run_can_be_followed_to_its_receipt(stack: Stack, put: Any) -> None:
    put("finished")

    view = RunsTable(stack.dynamodb, TABLE).run("run-1")

    assert view is not None and view.receipt is not None
    assert (view.phase, view.receipt.status_after, view.receipt.settled_by) == ("finished", "STOPPED", "finally")


def test_the_next_run_is_compared_with_an_earlier_one(stack: Stack, put: Any) -> None:
    put("finished")
    (item,) = [item for item in ITEMS["finished"] if item["pk"]["S"].startswith("PROJECT#")]

    tps = history().last_tps(item["pk"]["S"].removeprefix("PROJECT#"), MODEL, "2099-01-01T00:00:00.000Z")

    assert tps == float(item["tps"]["N"])


def test_the_lease_of_a_run_that_the_update_interrupts_still_asks_for_a_stop(stack: Stack, put: Any) -> None:
    put("underWay")
    (item,) = [item for item in ITEMS["underWay"] if item["sk"]["S"] == "LEASE"]

    lease = lease_store().get(MODEL)

    assert lease is not None
    assert (lease.run_id, lease.owes, lease.status_found) == ("run-2", "stop", "STOPPED")
    assert lease_store().all() == [lease]
    assert lease.execution_arn == item["executionArn"]["S"]


def test_its_model_is_stopped_and_the_lease_goes(stack: Stack, put: Any) -> None:
    model = stack.service.add_model(ModelSetup(status="RUNNING", inference_units=1))["modelArn"]
    put("underWay", model)

    while lease := lease_store().get(model):
        clean_up_ended(lease, "ABORTED", by="janitor")

    assert stack.service.model_report(model)["status"] == "STOPPED"
    view = RunsTable(stack.dynamodb, TABLE).run("run-2")
    assert view is not None and view.receipt is not None
    assert view.receipt.status_after == "STOPPED"
    assert view.receipt.usd == pytest.approx(4.0 * view.receipt.inference_unit_hours) != 0
    (past,) = RunsTable(stack.dynamodb, TABLE).past_runs(model, 5)
    assert (past.values["runId"], past.values["error"]) == ("run-2", "ABORTED")
