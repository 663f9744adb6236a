"""Every run that is over is told of once, to people and to programs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.conftest import Deployment, Execution, Executions
from tests.e2e.scenarios import ANSWERED, FAILED

Told = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def ended(deployment: Deployment, executions: Executions) -> set[str]:
    """All runs, but for those that were skipped, as another one held their model."""
    executions.wait()
    outputs = {run["name"]: json.loads(run.get("output", "{}")) for run in deployment.runs()}
    return {name for name, output in outputs.items() if output.get("verdict") != "skipped"}


@pytest.fixture(scope="module")
def events(deployment: Deployment, ended: set[str]) -> Told:
    return deployment.news.events(ended)


@pytest.fixture(scope="module")
def messages(deployment: Deployment, ended: set[str]) -> Told:
    return deployment.news.messages(ended)


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


def test_nothing_else_is_told(ended: set[str], events: Told, messages: Told) -> None:
    assert set(events) == set(messages) == ended
