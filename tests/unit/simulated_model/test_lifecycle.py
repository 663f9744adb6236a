"""A model version's life: what starts, what stops, what it costs."""

import pytest

from local.simulated_model.errors import ServiceError
from local.simulated_model.lifecycle import BUSY, DEAD, STARTABLE, STATUS_MESSAGES, STATUSES, Lifecycle
from local.simulated_model.model_spec import ModelTruth

TRUTH = ModelTruth(start_s=10, stop_s=5)


def code_of(call) -> str | None:
    try:
        call()
    except ServiceError as error:
        return error.code
    return None


def moves(life: Lifecycle) -> list[tuple[float, str]]:
    return [(at_s, to_status) for at_s, _, to_status in life.transitions]


def test_there_are_fourteen_statuses_each_with_a_message():
    assert len(STATUSES) == 14
    assert set(STATUS_MESSAGES) == STATUSES


def test_a_model_that_is_lost_stops_once():
    life = Lifecycle(ModelTruth(start_s=1, stop_s=2), 0)
    life.start(0, 1)

    life.lose(5)
    life.lose(6)

    assert [life.advance(now_s) for now_s in (6.9, 7)] == ["STOPPING", "STOPPED"]
    assert [move.to_status for move in life.transitions] == ["STARTING", "RUNNING", "STOPPING", "STOPPED"]


def test_more_units_than_the_quota_are_refused_and_change_nothing():
    life = Lifecycle(ModelTruth(most_units=2), now_s=0, status="STOPPED")

    assert code_of(lambda: life.start(1, 3)) == "LimitExceededException"
    assert moves(life) == []
    assert code_of(lambda: life.start(2, 2)) is None


def test_a_model_starts_runs_and_stops_and_bills_the_time_it_ran():
    life = Lifecycle(TRUTH, now_s=0, status="TRAINING_COMPLETED")

    life.start(100, 2)
    statuses = [life.advance(now_s) for now_s in (100, 109.9, 110, 200)]
    billed_while_running_s = life.inference_unit_seconds(160)
    life.stop(210)
    statuses += [life.advance(now_s) for now_s in (210, 214.9, 215, 999)]

    assert statuses == ["STARTING"] * 2 + ["RUNNING"] * 2 + ["STOPPING"] * 2 + ["STOPPED"] * 2
    assert moves(life) == [(100, "STARTING"), (110, "RUNNING"), (210, "STOPPING"), (215, "STOPPED")]
    assert billed_while_running_s == pytest.approx(2 * 50)
    assert life.inference_unit_seconds(999) == pytest.approx(2 * 100), "stopping is not billed"


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_what_start_and_stop_answer_in_each_status(status):
    start = code_of(lambda: Lifecycle(TRUTH, 0, status).start(1, 1))
    stop = code_of(lambda: Lifecycle(TRUTH, 0, status).stop(1))

    expected = None if status in STARTABLE else "ResourceInUseException"
    assert start == ("InvalidParameterException" if status in DEAD else expected)
    assert stop == (None if status == "RUNNING" else "ResourceInUseException")
    assert status in STARTABLE | BUSY | DEAD


def test_a_model_found_starting_or_stopping_gets_there_by_itself():
    starting, stopping = Lifecycle(TRUTH, 50, "STARTING"), Lifecycle(TRUTH, 50, "STOPPING")

    assert (starting.advance(59), starting.advance(60)) == ("STARTING", "RUNNING")
    assert (stopping.advance(54), stopping.advance(55)) == ("STOPPING", "STOPPED")


def test_a_model_found_running_has_its_units():
    life = Lifecycle(TRUTH, 0, "RUNNING", inference_units=3, max_inference_units=4)

    assert life.service is not None
    assert life.service.inference_units == 3
    assert life.inference_unit_seconds(10) == pytest.approx(30)


def test_starts_that_hang_fail_or_succeed_in_turn():
    truth = ModelTruth(start_s=10, start_hangs=1, start_hang_s=500, start_fails=1)
    life = Lifecycle(truth, 0)
    seen = []

    for now_s in (0, 1000, 2000):
        life.start(now_s, 1)
        seen.append((life.advance(now_s + 400), life.advance(now_s + 600)))

    assert seen == [("STARTING", "FAILED"), ("FAILED", "FAILED"), ("RUNNING", "RUNNING")]
    assert life.inference_unit_seconds(2610) == pytest.approx(600)


def test_lost_replies_are_of_calls_that_worked():
    life = Lifecycle(ModelTruth(start_s=1, stop_s=1, lost_replies=1), 0)

    replied = [life.start(0, 1), life.stop(10), life.start(20, 1), life.stop(30)]

    assert replied == [False, False, True, True]
    assert life.advance(40) == "STOPPED"


def test_the_first_stops_fail_and_do_nothing():
    life = Lifecycle(ModelTruth(stop_fails=2), 0, "RUNNING")

    codes = [code_of(lambda: life.stop(1)) for _ in range(3)]

    assert codes == ["InternalServerError", "InternalServerError", None]
    assert life.advance(1) == "STOPPING"


def test_a_model_may_stop_by_itself():
    life = Lifecycle(ModelTruth(start_s=1, stop_s=2, lost_after_s=30), 0)
    life.start(0, 1)

    assert [life.advance(now_s) for now_s in (30.9, 31, 33)] == ["RUNNING", "STOPPING", "STOPPED"]
    assert life.inference_unit_seconds(100) == pytest.approx(30)
    assert life.service is None


def test_more_units_than_the_quota_are_refused():
    assert code_of(lambda: Lifecycle(TRUTH, 0).start(0, 6)) == "LimitExceededException"
    assert code_of(lambda: Lifecycle(TRUTH, 0).start(0, 1, 6)) == "LimitExceededException"
    assert code_of(lambda: Lifecycle(TRUTH, 0).start(0, 5)) is None


def test_units_that_autoscaling_adds_are_billed_from_then_on():
    life = Lifecycle(ModelTruth(tps_per_iu=5, autoscale_after_s=60), 0, "RUNNING", 1, 2)
    assert life.service is not None
    for number in range(10_000):
        life.service.offer(number / 100)

    (added_at_s, units), *more = life.service.unit_changes

    assert (units, more) == (2, [])
    assert life.inference_unit_seconds(100) == pytest.approx(100 + (100 - added_at_s))
