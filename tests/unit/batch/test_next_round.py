"""What follows a round of workers: a batch in virtual time, and each reason to stop."""

from __future__ import annotations

from dataclasses import replace

import pytest

from iu_tuner.contract.errors import InternalError, TooManyFailures
from lambdas.batch.next_round import (
    MAX_ROUND_S,
    RESTART_S,
    BatchProgress,
    ChangeUnits,
    Finish,
    PaceNow,
    Round,
    Terms,
    next_round,
)
from lambdas.batch.unit_capacity import EXPECTED_EFFICIENCY, EXPECTED_START_S, EXPECTED_STOP_S
from lambdas.runs.budget import Remaining

EVENTS_PER_ROUND = 12  # of the state machine's history: the tasks PlanRound and Workers, and the choice between them
LONG = Terms(Remaining(24 * 3600, "limits.maxMinutes = 1440"), max_failed_percent=5, max_workers=100)
HALFWAY = BatchProgress(listed=54_000, current=0, done=27_000, failed=0, shards_waiting=108)
ONE_UNIT = PaceNow(tps=4.9, cap=4, inference_units=1)
SHARD = 250


def played(images: int, tps_per_unit: float, units: int) -> tuple[float, int]:
    """The hours from start to stop of a batch in virtual time, and its number of rounds."""
    now, done, rounds, tps = EXPECTED_START_S, 0.0, 0, tps_per_unit * units * EXPECTED_EFFICIENCY
    while True:
        waiting = -(-(images - int(done)) // SHARD)
        progress = BatchProgress(images, 0, int(done), 0, waiting)
        move = next_round(progress, PaceNow(tps, 8, units), LONG, now)
        if isinstance(move, Finish):
            return (now + EXPECTED_STOP_S) / 3600, rounds
        assert isinstance(move, Round)
        assert 0 < move.until - now <= MAX_ROUND_S
        rounds += 1
        left_s = (images - done) / tps
        if left_s <= move.until - now + 1e-6:
            now, done = now + left_s, images
        else:
            now, done = move.until, done + tps * (move.until - now)


@pytest.mark.parametrize(
    ("images", "units", "hours"), [(54_000, 1, 3.24), (54_000, 2, 1.71), (54_000, 3, 1.20), (108_000, 2, 3.24)]
)
def test_a_batch_in_virtual_time_takes_the_hours_of_its_quote(images: int, units: int, hours: float) -> None:
    taken, _ = played(images, 5, units)

    assert round(taken, 2) == hours


def test_the_history_of_a_batch_of_a_day_has_less_than_five_thousand_events() -> None:
    taken, rounds = played(images=int(23.7 * 3600 * 5 * EXPECTED_EFFICIENCY), tps_per_unit=5, units=1)

    assert taken > 23.5
    assert rounds * EVENTS_PER_ROUND < 4_500  # the rest is for the listing and for the polls of start and stop


def test_a_round_has_workers_for_the_rate_but_not_more_than_shards_or_requests_in_flight() -> None:
    def workers(tps: float, cap: int | None, shards: int) -> int:
        progress = replace(HALFWAY, shards_waiting=shards)
        move = next_round(progress, PaceNow(tps, cap, 1), LONG, 0)
        assert isinstance(move, Round)
        return move.workers

    assert workers(4.9, 4, 108) == 1
    assert workers(4.9, 1, 108) == 1
    assert workers(4.9, None, 108) == 1
    assert workers(4.9, 4, 1) == 1
    assert (workers(60, None, 108), workers(61, None, 108)) == (1, 2)
    assert workers(300, None, 108) == 5
    assert workers(300, None, 3) == 3
    assert workers(60, 11, 108) == 1, "only one worker can count the requests in flight"
    assert workers(300, 2, 108) == 2
    assert workers(90_000, None, 5_000) == LONG.max_workers


def test_a_round_without_a_result_is_followed_by_one_with_one_more_worker() -> None:
    move = next_round(replace(HALFWAY, idle_rounds=1), ONE_UNIT, LONG, 0)

    assert isinstance(move, Round)
    assert move.workers == 2


def test_all_outcomes_known_is_the_end() -> None:
    assert next_round(replace(HALFWAY, done=53_000, current=999, failed=1), ONE_UNIT, LONG, 0) == Finish()


def test_a_limit_that_is_reached_ends_the_batch_with_its_name() -> None:
    short = replace(LONG, remaining=Remaining(30, "limits.maxCostUsd = 20"))

    assert next_round(HALFWAY, ONE_UNIT, short, 0) == Finish("limits.maxCostUsd = 20 is reached; 27,000 images left")


def test_a_round_ends_before_a_limit_does() -> None:
    move = next_round(HALFWAY, ONE_UNIT, replace(LONG, remaining=Remaining(100, "limits.maxMinutes = 300")), 1000)

    assert isinstance(move, Round)
    assert move.until == 1070


@pytest.mark.parametrize(("failed", "is_too_many"), [(2_700, False), (2_701, True)])
def test_more_failures_than_the_limit_end_the_run(failed: int, is_too_many: bool) -> None:
    progress = replace(HALFWAY, done=20_000, failed=failed)
    if not is_too_many:
        assert isinstance(next_round(progress, ONE_UNIT, LONG, 0), Round)
        return
    with pytest.raises(TooManyFailures, match="2,701 of 54,000 images failed, more than limits.maxFailedPercent = 5"):
        next_round(progress, ONE_UNIT, LONG, 0)


def test_rounds_in_which_nothing_ends_are_not_repeated_for_ever() -> None:
    assert isinstance(next_round(replace(HALFWAY, idle_rounds=2), ONE_UNIT, LONG, 0), Round)
    with pytest.raises(InternalError, match="finished none of 27,000 images"):
        next_round(replace(HALFWAY, idle_rounds=3), ONE_UNIT, LONG, 0)


def test_units_change_only_if_the_restart_still_meets_a_deadline_that_is_missed_otherwise() -> None:
    needs_s = HALFWAY.remaining / ONE_UNIT.tps

    def move(deadline_s: float, max_units: int | None = 5, rounds: int = 1) -> object:
        terms = replace(LONG, deadline_at=deadline_s, max_units=max_units)
        return next_round(replace(HALFWAY, rounds_with_units=rounds), ONE_UNIT, terms, 0.0)

    assert isinstance(move(needs_s + 1), Round)  # it is met as it is
    in_time = move(needs_s - 60)
    assert isinstance(in_time, ChangeUnits)
    assert in_time.inference_units == 2
    barely = move(RESTART_S + needs_s / 5 + EXPECTED_STOP_S)
    assert isinstance(barely, ChangeUnits)
    assert barely.inference_units == 5
    assert isinstance(move(RESTART_S + needs_s / 5), Round)  # late anyway: a restart would make it later
    assert isinstance(move(needs_s - 60, max_units=None), Round)  # the input fixes the units
    assert isinstance(move(needs_s - 60, rounds=0), Round)  # no rate is known yet


def test_units_do_not_change_beyond_the_money() -> None:
    terms = replace(LONG, remaining=Remaining(2_800, "limits.maxCostUsd = 20"), deadline_at=4_500.0, max_units=5)

    assert isinstance(next_round(HALFWAY, ONE_UNIT, terms, 0.0), Round)
