"""Lambdas are killed at random, whatever they are doing, while several runs are on."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from iu_tuner.contract.errors import NAMES
from local.embedded_aws import EmbeddedAws
from tests.faults.row import Row
from tests.faults.runs import MAX_RUN_S, janitors_turn, released_at
from tests.support.deployment import Deployment
from tests.support.journal import lambdas

RUNS = tuple(f"kill-at-random-{number}" for number in range(1, 5))
KILL_EVERY_S = 2.0
# Then the rest of the run has to find its way.
MAX_KILLS = 12


@pytest.fixture(scope="module")
def runs(deployment: Deployment, journal: Path) -> dict[str, dict[str, Any]]:
    """Every run as it ended, its model, and its lease after the janitor's turn."""

    def run(name: str) -> tuple[str, dict[str, Any]]:
        row = Row(name=name, section="kills", what="")
        model_arn = deployment.service.add_model(row.model)["modelArn"]
        ended = deployment.ended(deployment.start(name, row.input(model_arn)), MAX_RUN_S)
        released_at(deployment, model_arn, may_stay=True)
        return model_arn, ended

    with _killer(deployment.aws, journal) as killed, ThreadPoolExecutor(len(RUNS)) as threads:
        ended = dict(zip(RUNS, threads.map(run, RUNS), strict=True))
    assert killed
    janitors_turn(deployment)
    return {
        name: {**described, "model": deployment.service.model_report(model_arn), "lease": deployment.lease(model_arn)}
        for name, (model_arn, described) in ended.items()
    }


@contextmanager
def _killer(aws: EmbeddedAws, journal: Path) -> Iterator[list[int]]:
    """Kills one Lambda after the other while the block runs; yields the list of those killed so far."""
    over, chance = threading.Event(), random.Random(7)
    killed: list[int] = []

    def kill() -> None:
        while not over.wait(KILL_EVERY_S) and len(killed) < MAX_KILLS:
            if workers := [pid for pid in lambdas(journal) if _is_of(aws, pid)]:
                with suppress(ProcessLookupError):
                    killed.append(chance.choice(workers))
                    os.kill(killed[-1], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def _is_of(aws: EmbeddedAws, pid: int) -> bool:
    """Does it still run, in this embedded AWS?"""
    try:
        return os.getpgid(pid) == aws.process_group
    except ProcessLookupError:
        return False


@pytest.mark.parametrize("name", RUNS)
def test_the_run_ends_with_an_answer_or_an_error_of_the_contract(runs: dict[str, dict[str, Any]], name: str) -> None:
    assert runs[name]["status"] == "SUCCEEDED" or runs[name]["error"] in NAMES


@pytest.mark.parametrize("name", RUNS)
def test_the_model_is_stopped_and_free(runs: dict[str, dict[str, Any]], name: str) -> None:
    model = runs[name]["model"]

    assert model["status"] == "STOPPED"
    assert runs[name]["lease"] is None
    stopped_at = [move["at"] for move in model["transitions"] if move["to"] == "STOPPED"]
    assert not stopped_at or (model["lastDetectAt"] or 0.0) <= stopped_at[-1]
