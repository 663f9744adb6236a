"""What the run's item says while the run goes on: read as the client reads it."""

from __future__ import annotations

from lambdas.runs.view import RunView, view_run
from local.simulated_model.model_spec import ModelTruth
from tests.states.conftest import TABLE, Stack
from tests.states.test_load import running

QUICK = {"test": {"mode": "quick", "inFlightPerWorker": 64}}


def seen(stack: Stack) -> RunView:
    view = view_run(stack.dynamodb, TABLE, stack.run_id)
    assert view is not None
    return view


def test_of_a_run_that_was_not_prepared_nothing_is_known(stack: Stack) -> None:
    assert view_run(stack.dynamodb, TABLE, "nobody") is None


def test_the_item_says_phase_step_counts_and_then_the_estimate(stack: Stack) -> None:
    running(stack, ModelTruth(tps_per_iu=12, latency_mean_s=0.1), **QUICK)
    before = seen(stack)
    stack.probe()

    step = stack.plan()
    assert step is not None
    first = seen(stack)
    stack.apply(step)
    assert stack.plan() is None
    last = seen(stack)

    assert (before.phase, before.so_far, before.receipt) == ("measuring", {}, None)
    assert first.so_far["step"] == {"number": 1, "phase": "ramp", "concurrency": 4, "workers": 1}
    assert (first.so_far["accepted"], first.so_far["throttled"]) == (4, 0)
    assert "estimate" not in first.so_far
    assert "step" not in last.so_far
    assert last.so_far["estimate"]["low"] <= 12 <= last.so_far["estimate"]["high"]
    assert [row["phase"] for row in last.so_far["steps"]] == ["probe", "ramp"]
    assert sum(row["accepted"] for row in last.so_far["steps"]) == last.so_far["accepted"]
