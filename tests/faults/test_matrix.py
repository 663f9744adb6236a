"""What every row of the matrix has to show, whatever was broken."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest

from tests.faults.observed import Observed
from tests.faults.row import BatchRow, Row
from tests.faults.rows import ROWS
from tests.model_books import BEFORE_A_START_S, carried_tps, unseen_s
from tests.support.named_faults import fault_named

Matrix = dict[str, Observed]

# From the end of an execution to that of its load: the lease is closed, and the workers look. Left to itself, the
# load of a row would go on for twice as long.
LOAD_ENDS_WITHIN_S = 7.0
WITHIN = 0.15
# The words of a cause's advice: what to do.
ADVICE = re.compile(r"\b(look|see|run|stop|start|grant|check|raise|try|make sure|train)\b", re.IGNORECASE)

every_row = pytest.mark.parametrize("name", [row.name for row in ROWS])


def rows_that(choose: Callable[[Row], object]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", [row.name for row in ROWS if choose(row)])


@rows_that(lambda row: fault_named(row.name))
def test_the_fault_was_injected(observed: Matrix, name: str) -> None:
    assert observed[name].injections >= 1


@every_row
def test_the_execution_ends_as_it_should(observed: Matrix, name: str) -> None:
    run, row = observed[name], observed[name].row

    assert (run.described["status"], named_error(run)) == (row.status, row.error), run.described.get("cause")


@rows_that(lambda row: row.status == "FAILED")
def test_its_cause_is_one_that_a_human_can_act_on(observed: Matrix, name: str) -> None:
    cause = observed[name].described["cause"]

    assert len(cause) > 30
    assert "Traceback" not in cause
    assert '"errorMessage"' not in cause
    assert ADVICE.search(cause), cause


@every_row
def test_the_model_ends_as_it_is_owed(observed: Matrix, name: str) -> None:
    run = observed[name]

    assert run.model["status"] == run.row.ends
    if run.row.ends == "RUNNING":
        assert run.model["minInferenceUnits"] == run.row.units


@every_row
def test_the_lease_is_gone(observed: Matrix, name: str) -> None:
    run = observed[name]

    assert run.lease is None
    assert run.released_at is not None or "janitor" in run.row.settled_by


@every_row
def test_the_receipt_names_the_layer_that_settled_it(observed: Matrix, name: str) -> None:
    run = observed[name]

    assert run.settled_by in run.row.settled_by
    if run.receipt is not None:
        assert run.receipt["status_before"] == run.row.found
        assert run.receipt["status_after"] == run.row.ends


@rows_that(lambda row: row.ends == "STOPPED")
def test_nothing_is_billed_after_the_end_but_until_the_stop(observed: Matrix, name: str) -> None:
    run = observed[name]

    assert run.billed_s_after(run.ended_at) <= billable_s(run)


def test_all_rows_together_bill_nothing_after_the_end(observed: Matrix) -> None:
    stopped = [run for run in observed.values() if run.row.ends == "STOPPED"]

    by_finally = [run for run in stopped if not {"rule", "janitor"} & set(run.row.settled_by)]
    assert len(by_finally) > 50
    assert sum(run.billed_s_after(run.ended_at) for run in by_finally) == 0


@rows_that(lambda row: row.ends == "STOPPED")
def test_the_receipt_never_says_less_than_was_billed(observed: Matrix, name: str) -> None:
    run = observed[name]
    if run.receipt is None or run.row.found == "RUNNING":
        return

    told_s = 3600 * run.receipt["inference_unit_hours"]
    billed_s = run.model["inferenceUnitSecondsBilled"]
    # Of the 2 to 3 inference units of an answer that was given up, 3 are told: nobody saw how many were in service.
    may_scale = 1.5 if run.row.section == "apply" else 1.0
    # Too much by no more than the time in which it was not seen what the model did.
    blind_s = unseen_s(run.model, run.receipt["settled_at"]) + BEFORE_A_START_S
    units = max(run.row.units, run.receipt["min_inference_units"] or 1, run.receipt["max_inference_units"] or 1)
    assert billed_s - 0.5 <= told_s <= may_scale * (billed_s + units * blind_s), str(run)


@rows_that(lambda row: row.ends == "STOPPED" and row.error != "ModelLost")
def test_the_model_hears_nothing_after_it_was_stopped(observed: Matrix, name: str) -> None:
    run = observed[name]

    if run.stopped_at is not None and run.model["lastDetectAt"] is not None:
        assert run.model["lastDetectAt"] <= run.stopped_at


@rows_that(lambda row: row.ends == "RUNNING")
def test_a_model_that_is_given_back_hears_no_more_of_the_run(observed: Matrix, name: str) -> None:
    run = observed[name]

    if run.model["lastDetectAt"] is not None:
        assert run.model["lastDetectAt"] <= run.described["stopDate"].timestamp() + LOAD_ENDS_WITHIN_S


@rows_that(lambda row: row.status == "SUCCEEDED" and not isinstance(row, BatchRow))
def test_an_answer_under_faults_is_still_the_right_one(observed: Matrix, name: str) -> None:
    run = observed[name]

    answer = run.output
    ups = [move["at"] for move in run.model["transitions"] if move["to"] == "STARTING"]
    can_carry = answer["inferenceUnits"] * run.model["trueTpsPerInferenceUnit"]
    assert answer["maxTps"]["estimate"] <= (1 + WITHIN) * can_carry, str(run)
    # A client that got too little of this machine says so, and asks the model for less than it carries.
    if answer["verdict"] == "ok":
        carried = carried_tps(run.model, until=ups[1] if "scaling" in answer and len(ups) > 1 else math.inf)
        assert answer["maxTps"]["estimate"] >= (1 - WITHIN) * carried, f"{carried} {run}"
    assert answer["model"]["statusAfter"] == run.row.ends


def billable_s(run: Observed) -> float:
    """Seconds that may be billed after the end: none where the state machine itself stopped the model."""
    if run.settled_by == "janitor":
        return max(0.0, run.janitor_done_at - run.ended_at)
    if "rule" not in run.row.settled_by:
        return 0.0
    # The lease goes when the model was seen stopped.
    return (run.released_at or run.janitor_done_at) - run.ended_at


def named_error(run: Observed) -> str | None:
    """The execution's error; an abort and a timeout have none of the contract's."""
    return run.described.get("error") if run.described["status"] == "FAILED" else None
