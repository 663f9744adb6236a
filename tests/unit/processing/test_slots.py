from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.models.outcomes import ACCEPTED, THROTTLED
from lambdas.processing.pace import Pace
from lambdas.processing.slots import HORIZON_S, Kind, Slots, give_back, reserve
from lambdas.processing.worker_slots import WorkerSlots

NOW = 1e6


@given(st.floats(0.2, 200), st.lists(st.tuples(st.integers(1, 4), st.floats(0, 1.5)), min_size=1, max_size=30))
def test_no_two_reservations_share_a_slot_and_none_lies_far_ahead(rate: float, asked: list[tuple[int, float]]) -> None:
    pace, now, times = Pace(rate, 1), NOW, []
    for workers, later in asked:
        now += later
        pace, slots = reserve(pace, now, "batch", workers)
        assert slots.count == 0 or slots.first <= now + HORIZON_S
        assert slots.again_at > now
        times += slots.times

    assert all(later - earlier >= 0.999 / rate for earlier, later in pairwise(times))


def test_slots_that_are_given_back_are_reserved_again() -> None:
    pace, slots = reserve(Pace(10.0, 1), NOW, "batch", 1)
    back = give_back(pace, slots.times[4], slots.end)

    assert reserve(back, NOW, "batch", 1)[1].first == pytest.approx(slots.times[4])
    later, _ = reserve(pace, NOW, "batch", 1)
    assert give_back(later, slots.times[4], slots.end) == later


@pytest.mark.parametrize("begun", [1, 2, 4])
def test_workers_have_the_slots_of_those_that_have_not_begun(begun: int) -> None:
    pace, due, got, asked = Pace(40.0, 1), [NOW + 0.1 * worker for worker in range(begun)], [0] * begun, 0
    while (now := min(due)) < NOW + 10:
        worker = due.index(now)
        pace, slots = reserve(pace, now, "batch", workers=4)
        due[worker], asked = slots.again_at, asked + 1
        got[worker] += sum(at < NOW + 10 for at in slots.times)

    assert sum(got) == pytest.approx(400, rel=0.02)
    assert max(got) <= 1.3 * min(got)
    assert asked <= 4 * 10 * 1.1


def test_all_workers_together_have_no_more_in_flight_than_a_model_that_limits_them_takes() -> None:
    limited = Pace(40.0, 1, cap=8, is_limited=True)

    assert reserve(limited, NOW, "batch", workers=4)[1].cap == 2
    assert reserve(replace(limited, is_limited=False), NOW, "batch", workers=4)[1].cap == 8


@pytest.mark.parametrize("rate", [2.0, 10.0, 50.0])
def test_live_uploads_get_two_slots_for_one_of_a_batch_and_neither_starves(rate: float) -> None:
    got, wait = _side_by_side(rate, live_wants=None)

    assert got["live"] / got["batch"] == pytest.approx(2, rel=0.15)
    assert sum(got.values()) == pytest.approx(60 * rate, rel=0.1)
    assert wait <= 2.0


def test_a_batch_has_what_live_uploads_leave() -> None:
    got, wait = _side_by_side(20.0, live_wants=2)

    assert got["batch"] == pytest.approx(60 * 18, rel=0.1)
    assert wait <= 2.0


def _side_by_side(rate: float, live_wants: int | None) -> tuple[dict[str, int], float]:
    """Slots of each kind within a minute, and the longest time that live uploads waited for their first slot."""
    pace, got, longest = Pace(rate, 1), {"live": 0, "batch": 0}, 0.0
    due: dict[Kind, float] = {"live": NOW, "batch": NOW}
    while (now := min(due.values())) < NOW + 60:
        kind: Kind = min(due, key=lambda each: due[each])
        pace, slots = reserve(pace, now, kind, 1, live_wants if kind == "live" else None)
        got[kind] += slots.count
        due[kind] = max(slots.again_at, now + 1.0) if kind == "live" and live_wants else slots.again_at
        if kind == "live" and slots.count:
            longest = max(longest, slots.first - now)
    return got, longest


def test_a_worker_counts_what_it_did_with_its_slots() -> None:
    own = WorkerSlots()
    own.add(Slots(NOW, 0.1, 10, NOW + 1, cap=2))

    assert own.next_at(NOW) == NOW
    before = [own.send(NOW), own.send(NOW)]
    assert own.next_at(NOW + 0.2) is None  # the cap
    own.record_outcome(ACCEPTED, before[0], NOW)
    own.record_outcome(THROTTLED, before[1], NOW)
    assert own.next_at(NOW + 0.95) == pytest.approx(NOW + 0.8)  # the others are too old
    report = own.report(NOW + 0.95)

    assert (report.outcomes, report.unused) == ("01", 6)
    assert own.report(NOW + 2).outcomes == ""


@pytest.mark.parametrize(("interval", "late_s"), [(0.005, 0.1), (0.1, 0.2), (1.0, 0.4)])
def test_a_worker_that_was_late_sends_about_two_requests_at_once(interval: float, late_s: float) -> None:
    own = WorkerSlots()
    own.add(Slots(NOW, interval, 1000, NOW + 1))

    assert own.next_at(NOW + 0.9 * late_s) == NOW
    assert own.next_at(NOW + 1.1 * late_s) != NOW


def test_slots_that_waited_for_replies_are_used_for_longer() -> None:
    own = WorkerSlots()
    own.add(Slots(NOW, 0.1, 10, NOW + 1, cap=2))
    own.send(NOW)

    assert own.next_at(NOW + 0.45) == pytest.approx(NOW + 0.1)
    assert own.next_at(NOW + 0.55) == pytest.approx(NOW + 0.2)


def test_a_worker_tells_whether_requests_were_late() -> None:
    own = WorkerSlots()
    own.add(Slots(NOW, 0.1, 10, NOW + 1))
    own.send(NOW + 0.01)
    assert not own.report(NOW + 0.05).is_uneven

    own.send(NOW + 0.15)

    assert own.report(NOW + 0.2).is_uneven
    assert own.report(NOW + 1.4).is_uneven, "a window of a second had less room"
    assert not own.report(NOW + 2.5).is_uneven


def test_a_worker_whose_late_request_was_followed_by_a_throttle_gives_up_late_slots() -> None:
    own = WorkerSlots()
    own.add(Slots(NOW, 0.1, 20, NOW + 2))
    own.record_outcome(ACCEPTED, own.send(NOW + 0.15), NOW + 0.2)
    assert own.next_at(NOW + 0.35) == pytest.approx(NOW + 0.1)
    own.record_outcome(THROTTLED, own.send(NOW + 0.35), NOW + 0.4)

    assert own.next_at(NOW + 0.55) == pytest.approx(NOW + 0.6)
    assert own.report(NOW + 0.55).unused == 4


def test_many_throttles_make_a_worker_report_early_and_give_its_slots_back() -> None:
    own = WorkerSlots()
    own.report(NOW)
    own.add(Slots(NOW, 0.1, 10, NOW + 1))
    for _ in range(4):
        own.record_outcome(THROTTLED, own.send(NOW), NOW)

    assert not own.is_due(NOW + 0.05)
    assert own.is_due(NOW + 0.4)
    assert own.next_at(NOW + 0.4) is None, "first it reports"
    assert own.give_back(NOW + 0.4) == (pytest.approx(NOW + 0.4), pytest.approx(NOW + 1.0))
    assert own.next_at(NOW + 0.4) is None


def test_a_guess_is_left_at_the_first_throttle() -> None:
    own = WorkerSlots()
    own.report(NOW)
    own.add(Slots(NOW, 0.1, 10, NOW + 1, is_unsure=True))
    own.record_outcome(ACCEPTED, own.send(NOW), NOW)
    assert own.next_at(NOW + 0.4) is not None

    own.record_outcome(THROTTLED, own.send(NOW + 0.4), NOW + 0.4)

    assert own.is_due(NOW + 0.4)
    assert own.next_at(NOW + 0.4) is None


def test_a_worker_finds_the_limit_of_requests_in_flight_and_none_where_there_is_none() -> None:
    limited, rated = WorkerSlots(), WorkerSlots()
    for number in range(100):
        limited.record_outcome(THROTTLED if number % 5 > 2 else ACCEPTED, number % 5, NOW)
        rated.record_outcome(THROTTLED if number % 7 == 0 else ACCEPTED, number % 5, NOW)

    assert limited.report(NOW).cap == 3
    assert rated.report(NOW).cap is None
    limited.add(Slots(NOW, 0.1, 10, NOW + 1, cap=4))
    assert limited.report(NOW).cap == 3, "the cap is too high"
    limited.add(Slots(NOW, 0.1, 10, NOW + 1, cap=3))
    assert limited.report(NOW).cap is None
