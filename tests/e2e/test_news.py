"""Every run that is over is told of once, to people and to programs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.conftest import Deployment, Execution, Executions
from tests.e2e.scenarios import ANSWERED, FAILED

Told = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def events(deployment: Deployment, executions: Executions) -> Told:
    executions.wait()
    return deployment.news.events()


@pytest.fixture(scope="module")
def messages(deployment: Deployment, executions: Executions) -> Told:
    executions.wait()
    return deployment.news.messages()


@pytest.mark.parametrize("name", [scenario.name for scenario in ANSWERED])
def test_a_finished_run_is_told_once_with_its_answer(
    executions: dict[str, Execution], events: Told, messages: Told, name: str
) -> None:
    run = executions[name]

    (event,), (message,) = events[run.run_id], messages[run.run_id]
    assert (event["detail-type"], event["detail"]) == ("Run Finished", run.output)
    assert f": {run.output['verdict']}, " in message["Subject"]
    assert run.output["verdictDetail"] in message["Message"]
    assert run.output["resultUri"] in message["Message"]
    assert ("The model is stopped" in message["Message"]) == (run.scenario.left == "STOPPED")


@pytest.mark.parametrize("name", [scenario.name for scenario in FAILED])
def test_a_failed_run_is_told_once_with_its_cause(
    executions: dict[str, Execution], events: Told, messages: Told, name: str
) -> None:
    run = executions[name]

    (event,), (message,) = events[run.run_id], messages[run.run_id]
    assert event["detail-type"] == "Run Failed"
    detail = event["detail"]
    assert (detail["error"], detail["cause"]) == (run.described["error"], run.described["cause"])
    assert f"FAILED with {run.scenario.error}" in message["Subject"]
    was_touched = bool(run.model["transitions"])
    assert ("The model is stopped" in message["Message"]) >= was_touched
    assert "may still cost money" not in message["Message"]


def test_nothing_else_is_told(deployment: Deployment, events: Told, messages: Told) -> None:
    """Not even of a run that was skipped, as another one holds its model."""
    ended = {run["name"]: json.loads(run.get("output", "{}")) for run in deployment.runs()}
    told = {name for name, output in ended.items() if output.get("verdict") != "skipped"}

    assert set(events) == set(messages) == told
