"""Two executions started in the same moment for one model: exactly one goes on."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tests.faults.row import Row
from tests.faults.runs import MAX_RUN_S
from tests.support.deployment import Deployment

PAIRS = tuple(f"pair-{number}" for number in range(1, 5))


@pytest.fixture(scope="module")
def pairs(deployment: Deployment) -> dict[str, list[dict[str, Any]]]:
    """Both executions of each pair; all of them start in the same moment."""
    rows = [Row(name=name, section="pairs", what="") for name in PAIRS]
    models = {row.name: deployment.service.add_model(row.model)["modelArn"] for row in rows}
    together = Barrier(2 * len(PAIRS))

    def run(row: Row, which: str) -> dict[str, Any]:
        together.wait()
        execution_arn = deployment.start(f"{row.name}-{which}", row.input(models[row.name]))
        ended = deployment.ended(execution_arn, MAX_RUN_S)
        return {**ended, "model": deployment.service.model_report(models[row.name])}

    with ThreadPoolExecutor(2 * len(PAIRS)) as threads:
        running = {row.name: [threads.submit(run, row, which) for which in "ab"] for row in rows}
        return {name: [each.result() for each in both] for name, both in running.items()}


@pytest.mark.parametrize("pair", PAIRS)
def test_exactly_one_of_two_goes_on(pairs: dict[str, list[dict[str, Any]]], pair: str) -> None:
    both = pairs[pair]

    assert [each["status"] for each in both] == ["SUCCEEDED", "SUCCEEDED"]
    skipped, ran = sorted((json.loads(each["output"]) for each in both), key=lambda one: one["verdict"] != "skipped")
    assert skipped["verdict"] == "skipped"
    assert ran["verdict"] != "skipped"
    assert ran["runId"] in skipped["verdictDetail"]


@pytest.mark.parametrize("pair", PAIRS)
def test_the_one_that_is_skipped_touches_nothing(
    pairs: dict[str, list[dict[str, Any]]], deployment: Deployment, pair: str
) -> None:
    skipped, ran = sorted(pairs[pair], key=lambda one: json.loads(one["output"])["verdict"] != "skipped")

    assert deployment.items(skipped["name"]) == []
    assert skipped["stopDate"] < ran["stopDate"]
    assert [move["to"] for move in ran["model"]["transitions"]] == ["STARTING", "RUNNING", "STOPPING", "STOPPED"]
