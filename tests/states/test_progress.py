"""What the run's item says while the run goes on: read as the client reads it."""

from __future__ import annotations

from iu_tuner.cli.aws.runs_table import RunsTable
from iu_tuner.contract.output.json_values import to_json
from iu_tuner.contract.output.live_run import LiveRun
from lambdas.load.measured_step import COLD_START_LEAD_S
from local.simulated_model.model_spec import ModelTruth
from tests.states.conftest import TABLE, Stack
from tests.states.test_load import running

QUICK = {"test": {"mode": "quick", "inFlightPerWorker": 64}}


def seen(stack: Stack) -> LiveRun:
    view = RunsTable(stack.dynamodb, TABLE).run(stack.run_id)
    assert view is not None
    return view


def test_of_a_run_that_was_not_prepared_nothing_is_known(stack: Stack) -> None:
    assert RunsTable(stack.dynamodb, TABLE).run("nobody") is None


def test_the_item_says_phase_step_counts_and_then_the_estimate(stack: Stack) -> None:
    running(stack, ModelTruth(tps_per_iu=12, latency_mean_s=0.1), **QUICK)
    before = seen(stack)
    stack.probe()

    step = stack.plan()
    assert step is not None
    first = seen(stack)
    planned_s, longest_s = step["base_s"], step["max_s"]
    while step is not None:  # a busy machine may send too little for one step to be enough
        stack.apply(step)
        step = stack.plan()
    last = seen(stack)

    first_progress, last_progress = to_json(first.progress), to_json(last.progress)
    assert (before.phase, before.progress, before.receipt) == ("measuring", None, None)
    seconds = {"startsInSeconds": COLD_START_LEAD_S, "plannedSeconds": planned_s, "longestSeconds": longest_s}
    assert first_progress["step"] == {"number": 1, "phase": "ramp", "concurrency": 4, "workers": 1, **seconds}
    assert (first_progress["accepted"], first_progress["throttled"]) == (4, 0)
    assert "estimate" not in first_progress
    assert "step" not in last_progress
    assert last_progress["estimate"]["low"] <= 12 <= last_progress["estimate"]["high"]
    assert [row["phase"] for row in last_progress["steps"][:2]] == ["probe", "ramp"]
    assert sum(row["accepted"] for row in last_progress["steps"]) == last_progress["accepted"]
