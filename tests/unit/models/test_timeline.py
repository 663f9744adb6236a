"""What the model ran, from looks at it: with one number of inference units after the other, and never too little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from lambdas.models.lease import Lease
from lambdas.models.status import ModelState
from lambdas.runs.progress import Progress
from lambdas.runs.receipt import make_receipt
from lambdas.runs.store_items import PROGRESS
from local.simulated_model.lifecycle import Lifecycle
from local.simulated_model.model_spec import ModelTruth
from tests.unit.tuning.test_output import RUN

ONE_UNIT = replace(RUN, inference_units=1)
LEASE = Lease("m", "r", "arn", RUN.started_at, 90, "apply", project_arn="p", owes="stop")
RUNNING = Progress(start_attempts=1, first_look_at=50, last_look_at=90, running_since=100, inference_units=1)
RESTARTING = RUNNING.restarting(2, probe_number=3, now=400)


def state(life: Lifecycle, now: float) -> ModelState:
    return ModelState(life.advance(now), "", life.min_inference_units)


def unit_seconds(progress: Progress, now: float) -> float:
    return 3600 * progress.unit_hours(1, now)


@given(st.lists(st.floats(1, 90), min_size=8, max_size=40), st.floats(1, 200), st.floats(1, 200))
def test_the_bill_covers_both_stretches_however_seldom_anybody_looks(
    pauses: Sequence[float], start_s: float, stop_s: float
) -> None:
    """The looks of StartModel, then those of the settlement, at a model that is restarted and then stopped."""
    life = Lifecycle(ModelTruth(start_s=start_s, stop_s=stop_s), 100.0, "RUNNING", 1)
    progress, now = RESTARTING, 400.0
    life.stop(now)
    patience = iter([*pauses, *[30.0] * 60])
    while progress.running_since is None or not progress.stretches:
        now += next(patience)
        seen = state(life, now)
        before, progress = progress, replace(progress.without_old_units(seen, 1, now), last_look_at=now)
        if seen.status == "STOPPED":
            progress = replace(progress, start_attempts=1)
            life.start(now, 2)
        if seen.status == "RUNNING":
            progress = replace(progress, running_since=before.last_look_at)
    now += next(patience)
    life.stop(now)
    while progress.stopped_at is None:
        now += next(patience)
        progress = progress.after_run(state(life, now), now)

    billed_s = life.inference_unit_seconds(now)
    assert billed_s <= unit_seconds(progress, now + 1000) <= billed_s + stop_s + 2 * (stop_s + 2 * 90) + 90


def test_until_the_old_units_are_seen_gone_they_are_what_is_billed() -> None:
    still = RESTARTING.without_old_units(ModelState("STOPPING", "", 1), 1, 430)
    gone = RESTARTING.without_old_units(ModelState("STOPPED", "", 1), 1, 460)

    assert still == RESTARTING
    assert unit_seconds(still, 430) == 330
    assert unit_seconds(gone, 9999) == 360
    assert gone.running_period == (100, 460)


def test_an_end_during_the_restart_is_billed_with_the_units_that_run() -> None:
    ended = RESTARTING.after_run(ModelState("STOPPED", "", 1), 500)

    assert unit_seconds(ended, 9999) == 400
    assert ended.running_period == (100, 500)


def test_an_end_while_it_starts_again_is_billed_with_the_new_units() -> None:
    starting = replace(RESTARTING.without_old_units(ModelState("STOPPED"), 1, 460), start_attempts=1)

    seen = starting.after_run(ModelState("STARTING"), 500).after_run(ModelState("RUNNING", "", 2), 530)
    ended = seen.after_run(ModelState("STOPPED"), 600)

    assert unit_seconds(ended, 9999) == 360 + 2 * 100
    assert ended.running_period == (100, 600)


def test_a_start_that_applies_the_answer_is_no_part_of_a_second_measurement_that_never_ran() -> None:
    refused = replace(RESTARTING.without_old_units(ModelState("STOPPED"), 1, 460), start_attempts=1)
    applied = replace(LEASE, owes="apply", apply_starts=1, max_units_decided=5)

    looked = refused.after_run(ModelState("STARTING"), 500, applying=True)
    running = looked.after_run(ModelState("RUNNING", "", 5), 560, applying=True)
    taken_back = replace(applied, owes="stop")

    assert unit_seconds(running, 9999) == 360
    receipt = make_receipt(taken_back, (ONE_UNIT, running), "STOPPED", by="finally", now=600)
    assert receipt.inference_unit_hours * 3600 == 360 + 5 * 100


def test_progress_survives_its_table() -> None:
    gone = RESTARTING.without_old_units(ModelState("STOPPED"), 1, 460)

    assert PROGRESS.read(PROGRESS.text(gone)) == gone
    assert gone.stretches
