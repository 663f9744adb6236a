"""When uploads are analysed: the model runs, and no run measures it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lambdas.inference.gate import batches_for, should_be_open
from lambdas.models.lease import Lease, RunKind
from lambdas.models.status import STATUSES, ModelState

MEASURES = Lease("arn", "run", "execution", "2026-11-21T06:00:00Z", 90, "stop")


def test_the_gate_is_open_only_while_the_model_runs() -> None:
    assert {status for status in STATUSES if should_be_open(ModelState(status), None)} == {"RUNNING"}
    assert not should_be_open(None, None)


@pytest.mark.parametrize(("kind", "is_open"), [("measure", False), ("process", True)])
def test_a_run_that_measures_closes_it_and_a_batch_does_not(kind: RunKind, is_open: bool) -> None:
    assert should_be_open(ModelState("RUNNING"), replace(MEASURES, kind=kind)) is is_open


@pytest.mark.parametrize(
    ("changed", "is_open"),
    [
        ({}, True),
        ({"ends_serving": True}, False),
        ({"closing": True, "owes": "stop"}, False),
        ({"closing": True, "owes": "restore"}, True),
    ],
)
def test_a_run_for_uploads_closes_it_when_it_is_about_to_stop_the_model(changed: dict[str, Any], is_open: bool) -> None:
    lease = replace(MEASURES, kind="serve", **changed)

    assert should_be_open(ModelState("RUNNING"), lease) is is_open


@pytest.mark.parametrize(("rate", "batches"), [(0.5, 2), (5.0, 2), (12.5, 4), (25.0, 6), (40.0, 9), (500.0, 10)])
def test_a_fast_model_has_more_batches_at_a_time(rate: float, batches: int) -> None:
    assert batches_for(rate) == batches
