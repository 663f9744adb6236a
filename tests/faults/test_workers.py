"""A worker that dies in mid-step, or runs twice, is never counted twice; a step without its workers is repeated."""

from __future__ import annotations

import pytest

from tests.faults.observed import Observed

Matrix = dict[str, Observed]
COUNTS = ("accepted", "throttled", "failed")
KILLED = "ApplyLoad-lambda-killed"
KILLED_OF_FOUR = "ApplyLoad-lambda-killed-of-four"
TWICE = "ApplyLoad-lambda-twice"
ANSWER_LOST = "ApplyLoad-lambda-timeout"


@pytest.mark.parametrize("name", [KILLED, KILLED_OF_FOUR, TWICE, ANSWER_LOST])
def test_the_answer_counts_what_the_items_count_and_never_more_than_happened(observed: Matrix, name: str) -> None:
    run = observed[name]

    counted = {what: sum(int(item[what]["N"]) for item in run.counts) for what in COUNTS}
    assert {what: run.output["requests"][what] for what in COUNTS} == counted
    assert all(counted[what] <= run.model["totals"][what] for what in COUNTS)


def test_a_lost_answer_loses_no_counts(observed: Matrix) -> None:
    run = observed[ANSWER_LOST]

    assert run.output["requests"]["sent"] == run.model["totals"]["sent"]


def test_a_dead_workers_requests_are_nowhere_counted(observed: Matrix) -> None:
    run = observed[KILLED]

    assert run.output["requests"]["sent"] < run.model["totals"]["sent"]


@pytest.mark.parametrize(("name", "workers", "reported"), [(KILLED, 1, 0), (KILLED_OF_FOUR, 4, 3)])
def test_a_step_that_lost_a_tenth_of_its_workers_is_measured_again_once(
    observed: Matrix, name: str, workers: int, reported: int
) -> None:
    run = observed[name]

    of_first_step = [item for item in run.counts if item["sk"]["S"].startswith("STEP#01#")]
    assert len(of_first_step) == reported
    probe, lost, again, *rest = run.output["steps"]
    assert probe["phase"] == "probe"
    assert lost["workers"] == again["workers"] == workers
    assert (lost["phase"], lost["concurrency"]) == (again["phase"], again["concurrency"])
    assert all(step["concurrency"] > again["concurrency"] for step in rest)


def test_a_worker_that_ran_twice_has_one_item(observed: Matrix) -> None:
    keys = [item["sk"]["S"] for item in observed[TWICE].counts]

    assert len(keys) == len(set(keys))
    # The second time came too late for the common start: the step is measured again.
    _, late, again, *_ = observed[TWICE].output["steps"]
    assert late["concurrency"] == again["concurrency"]
