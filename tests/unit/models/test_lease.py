"""The lease: what a run owes the model, and how it gets there from wherever the run ended."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iu_tuner.contract.choices import AfterRun
from lambdas.models.lease import MAX_REQUEST_DELAY_S, RETRY_START_AFTER_S, Lease
from lambdas.models.status import STATUSES, ModelState
from lambdas.models.timeline import EMPTY_TIMELINE, Timeline
from local.simulated_model.errors import ServiceError
from local.simulated_model.lifecycle import Lifecycle
from local.simulated_model.model_spec import ModelTruth

TAKEN = Lease("model", "run-1", "execution", "2026-11-21T06:00:00.000Z", max_minutes=90, after_run="stop")
RUNNING = ModelState("RUNNING", min_inference_units=2, max_inference_units=4)


def found(status: str, after_run: AfterRun, units: int | None = None) -> Lease:
    return replace(TAKEN, after_run=after_run).with_initial_state("project", ModelState(status, "", units, None))


@pytest.mark.parametrize("state", [RUNNING, ModelState("STOPPED"), ModelState("STARTING")])
def test_before_the_model_was_looked_at_nothing_is_owed(state: ModelState) -> None:
    assert TAKEN.next_move(state, now=0.0) == "done"


@pytest.mark.parametrize(
    ("status", "after_run", "owes"),
    [
        ("STOPPED", "stop", "stop"),
        ("RUNNING", "stop", "stop"),
        ("STOPPED", "restore", "stop"),
        ("STOPPING", "restore", "stop"),
        ("RUNNING", "restore", "restore"),
        ("STARTING", "restore", "restore"),
    ],
)
def test_only_a_model_found_running_is_ever_left_running(status: str, after_run: AfterRun, owes: str) -> None:
    assert found(status, after_run).owes == owes


def test_a_start_that_may_still_arrive_is_waited_for() -> None:
    asked = replace(found("STOPPED", "stop"), start_asked_at=100.0)

    assert asked.next_move(ModelState("STOPPED"), now=100.0 + MAX_REQUEST_DELAY_S - 1) == "wait"
    assert asked.next_move(ModelState("STOPPED"), now=100.0 + MAX_REQUEST_DELAY_S) == "done"
    assert asked.next_move(ModelState("FAILED"), now=101.0) == "done"
    assert asked.next_move(ModelState("STARTING"), now=101.0) == "stop"


def test_a_model_found_failed_may_still_be_about_to_start() -> None:
    asked = replace(found("FAILED", "stop"), start_asked_at=100.0)

    assert asked.next_move(ModelState("FAILED"), now=101.0) == "wait"
    assert asked.next_move(ModelState("FAILED"), now=100.0 + MAX_REQUEST_DELAY_S) == "done"
    starting = EMPTY_TIMELINE.with_look(ModelState("STARTING"), 100.5)
    assert asked.next_move(ModelState("FAILED"), now=101.0, timeline=starting) == "done"


def test_a_model_left_alone_stays_alone_even_when_somebody_else_changes_it() -> None:
    left_alone = found("RUNNING", "restore", units=2)

    assert left_alone.next_move(ModelState("RUNNING", "", 3, None), now=0.0) == "done"
    assert left_alone.next_move(ModelState("STOPPED"), now=0.0) == "done"


def test_a_model_that_the_run_restarted_gets_its_units_back_with_its_scaling() -> None:
    lease = replace(TAKEN, after_run="restore").with_initial_state("project", RUNNING)
    restarted = replace(lease, restarted=True)

    assert restarted.next_move(ModelState("RUNNING", "", 1, None), now=0.0) == "stop"
    assert restarted.next_move(ModelState("STOPPED"), now=0.0) == "start"
    assert restarted.next_move(RUNNING, now=0.0) == "done"


def test_a_lease_is_overdue_after_the_minutes_of_its_run() -> None:
    started = 1795240800.0  # 2026-11-21T06:00:00Z

    assert not TAKEN.is_overdue(started + 90 * 60)
    assert TAKEN.is_overdue(started + 90 * 60 + 1)


def test_what_the_run_started_the_run_stops_although_the_model_was_found_running() -> None:
    """Somebody stopped it between the first look and the start."""
    started = found("RUNNING", "restore", units=2).with_start_requested(now=0.0)

    assert started.next_move(ModelState("STOPPED"), now=1.0) == "wait"
    assert started.next_move(RUNNING, now=1.0) == "stop"


def test_a_stop_that_may_still_arrive_is_waited_for_before_the_model_counts_as_given_back() -> None:
    lease = replace(TAKEN, after_run="restore").with_initial_state("project", RUNNING).with_restart_requested(now=0.0)

    assert lease.next_move(RUNNING, now=1.0) == "wait"
    assert lease.next_move(RUNNING, now=MAX_REQUEST_DELAY_S) == "done"
    stopping = EMPTY_TIMELINE.with_look(ModelState("STOPPING"), 1.5)
    assert lease.next_move(ModelState("STOPPED"), now=2.0, timeline=stopping) == "start"
    assert lease.next_move(RUNNING, now=10.0, timeline=stopping) == "done"


@given(status=st.sampled_from(sorted(STATUSES)), after_run=st.sampled_from(["stop", "restore"]))
def test_every_status_has_a_next_move(status: str, after_run: AfterRun) -> None:
    assert found(status, after_run).next_move(ModelState(status), now=0.0) in ("done", "wait", "stop", "start")


@given(
    status=st.sampled_from(["STOPPED", "TRAINING_COMPLETED", "STARTING", "RUNNING", "STOPPING"]),
    after_run=st.sampled_from(["stop", "restore"]),
    test_units=st.sampled_from([2, 3]),
    ended_after_s=st.floats(0, 40),
    stop_fails=st.integers(0, 3),
    lost_replies=st.integers(0, 2),
)
def test_wherever_a_run_ends_its_model_gets_what_it_is_owed(
    status: str, after_run: AfterRun, test_units: int, ended_after_s: float, stop_fails: int, lost_replies: int
) -> None:
    truth = ModelTruth(start_s=9, stop_s=5, stop_fails=stop_fails, lost_replies=lost_replies)
    life = Lifecycle(truth, 0.0, status, inference_units=2 if status in ("STARTING", "RUNNING") else None)
    lease, timeline = _run_until(life, found(status, after_run, units=2), test_units, ended_after_s)

    now = ended_after_s
    while True:
        state = _look(life, now)
        timeline = timeline.with_look(state, now)
        move = lease.next_move(state, now, timeline)
        if move == "done":
            break
        lease = lease.with_stop_requested(now) if move == "stop" else lease
        _make(move, life, now, lease.units_found)
        now += 1.0
        assert now < ended_after_s + 300, "never settled"

    keeps_running = after_run == "restore" and status in ("STARTING", "RUNNING")
    left = _look(life, now + 60)
    assert left.status == ("RUNNING" if keeps_running else "STOPPED") or left.status == "TRAINING_COMPLETED"
    assert not keeps_running or left.min_inference_units == 2


def _run_until(life: Lifecycle, lease: Lease, units: int, ended_after_s: float) -> tuple[Lease, Timeline]:
    """What a run does to the model, a look a second: to RUNNING with these units."""
    now, timeline = 0.0, EMPTY_TIMELINE
    while now < ended_after_s:
        state = _look(life, now)
        timeline = timeline.with_look(state, now)
        if state.status == "RUNNING" and state.min_inference_units != units:
            lease = lease.with_restart_requested(now)
            _make("stop", life, now, None)
        elif state.is_startable:
            lease = lease.with_start_requested(now)
            _make("start", life, now, units)
        now += 1.0
    return lease, timeline


def _look(life: Lifecycle, now: float) -> ModelState:
    return ModelState(life.advance(now), "", life.min_inference_units, life.max_inference_units)


def _make(move: str, life: Lifecycle, now: float, units: int | None) -> None:
    try:
        if move == "stop":
            life.stop(now)
        elif move == "start":
            life.start(now, units or 1)
    except ServiceError:
        pass  # not now: the next look tells


DECIDED = replace(TAKEN, after_run="apply", owes="apply", min_units_decided=2, max_units_decided=3)


def test_the_answer_is_applied_when_it_is_read_back() -> None:
    assert DECIDED.next_move(ModelState("RUNNING", "", 1, None), now=0.0) == "stop"
    assert DECIDED.next_move(ModelState("STOPPED"), now=0.0) == "start"
    assert DECIDED.next_move(ModelState("STARTING"), now=0.0) == "wait"
    assert DECIDED.next_move(ModelState("RUNNING", "", 2, 3), now=0.0) == "done"


@pytest.mark.parametrize("read_back", [None, 2])
def test_a_fixed_number_of_units_may_be_read_back_with_or_without_a_maximum(read_back: int | None) -> None:
    fixed = replace(DECIDED, max_units_decided=2)

    assert fixed.next_move(ModelState("RUNNING", "", 2, read_back), now=0.0) == "done"


@pytest.mark.parametrize(
    "state", [ModelState("RUNNING", "", 1, None), ModelState("STOPPED"), ModelState("FAILED"), ModelState("DELETED")]
)
def test_units_that_do_not_come_of_a_start_are_given_up(state: ModelState) -> None:
    arrived = replace(DECIDED, apply_starts=1, start_asked_at=1.0)
    timeline = EMPTY_TIMELINE.with_look(ModelState("STARTING"), 2.0)

    assert arrived.next_move(state, now=3.0, timeline=timeline) == "give-up"
    assert "2 to 3 inference units" in arrived.reason_not_applied(state)


def test_a_start_that_did_not_arrive_is_asked_for_again_a_few_times() -> None:
    asked = replace(DECIDED, start_asked_at=1.0)

    assert replace(asked, apply_starts=9).next_move(ModelState("STOPPED"), now=2.0) == "wait"
    assert replace(asked, apply_starts=9).next_move(ModelState("STOPPED"), now=1.0 + RETRY_START_AFTER_S) == "start"
    assert replace(asked, apply_starts=10).next_move(ModelState("STOPPED"), now=1.0 + RETRY_START_AFTER_S) == "give-up"


@given(
    status=st.sampled_from(["STOPPED", "TRAINING_COMPLETED", "STARTING", "RUNNING", "STOPPING"]),
    start_fails=st.integers(0, 3),
    stop_fails=st.integers(0, 3),
    lost_replies=st.integers(0, 3),
    lost_after_s=st.sampled_from([None, 0.0, 3.0]),
    ended_after_s=st.one_of(st.none(), st.floats(0, 60)),
)
def test_a_model_runs_with_the_units_decided_or_not_at_all(
    status: str,
    start_fails: int,
    stop_fails: int,
    lost_replies: int,
    lost_after_s: float | None,
    ended_after_s: float | None,
) -> None:
    truth = ModelTruth(
        start_s=9,
        stop_s=5,
        start_fails=start_fails,
        stop_fails=stop_fails,
        lost_replies=lost_replies,
        lost_after_s=lost_after_s,
    )
    life = Lifecycle(truth, 0.0, status, inference_units=1 if status in ("STARTING", "RUNNING") else None)
    lease, now = DECIDED, 0.0
    timeline = EMPTY_TIMELINE.with_look(state := _look(life, now), now)

    while (move := lease.next_move(state, now, timeline)) != "done":
        if move == "give-up" or (lease.owes == "apply" and ended_after_s is not None and now > ended_after_s):
            lease = replace(lease, owes="stop")
        elif move == "start":
            lease = replace(lease, apply_starts=lease.apply_starts + 1, start_asked_at=now)
            _start_decided(life, now)
        elif move == "stop":
            _make("stop", life, now, None)
        now += 1.0
        timeline = timeline.with_look(state := _look(life, now), now)
        assert now < 400, "never settled"

    left = _look(life, now)
    if lease.owes == "apply":
        assert (left.status, left.min_inference_units, left.max_inference_units) == ("RUNNING", 2, 3)
    else:
        assert not _look(life, now + 60).costs_money


def _start_decided(life: Lifecycle, now: float) -> None:
    with contextlib.suppress(ServiceError):  # not now: the next look tells
        life.start(now, 2, 3)
