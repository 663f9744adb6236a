"""The start rule: a wave starts its model once, at the number or the age that the entry asks for."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iu_tuner.contract.uploads.entry import StartAt
from lambdas.inference.waves.start_rule import (
    AFTER_FAILURE_S,
    AFTER_LIMIT_S,
    MOMENT_S,
    LastRun,
    should_start,
    wave_began_at,
)
from lambdas.models.lease import Lease
from lambdas.models.status import ModelState

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/v1/1615476219000"
OFF, NOW = ModelState("STOPPED"), 1_000_000.0
TERMS = StartAt.model_validate({"images": 10, "oldestSeconds": 300})
LEASE = Lease(ARN, "run", "execution", "2026-11-21T06:00:00Z", 90, "stop")
DAY_S, TICK_S = 86_400, 60


@pytest.mark.parametrize(
    ("visible", "age_s", "starts"),
    [(0, None, False), (0, 900, False), (9, 0, False), (9, 299, False), (9, 300, True), (10, 0, True), (1, 300, True)],
)
def test_it_takes_so_many_uploads_or_one_that_is_so_old(visible: int, age_s: float | None, starts: bool) -> None:
    since = None if age_s is None else NOW - age_s

    assert should_start(TERMS, visible, since, OFF, None, None, NOW) is starts


@pytest.mark.parametrize("status", ["RUNNING", "STARTING", "STOPPING", "TRAINING_IN_PROGRESS", "DELETING"])
def test_only_a_model_that_can_be_started_is(status: str) -> None:
    assert not should_start(TERMS, 99, NOW - 999, ModelState(status), None, None, NOW)


def test_a_model_that_is_held_or_gone_is_left_alone() -> None:
    assert not should_start(TERMS, 99, NOW - 999, OFF, LEASE, None, NOW)
    assert not should_start(TERMS, 99, NOW - 999, None, None, None, NOW)


@pytest.mark.parametrize(
    ("last", "next_at"),
    [
        (LastRun(NOW - 500, None), float("inf")),
        (LastRun(NOW - 500, NOW - 100, has_succeeded=True), NOW - 100),
        (LastRun(NOW - 500, NOW - 100), NOW - 100 + AFTER_FAILURE_S),
        (LastRun(NOW - 500, NOW - 100, has_succeeded=True, reached_limit=True), NOW - 500 + AFTER_LIMIT_S),
        (LastRun(NOW - 500, NOW - 100, has_same_input=False), NOW - 100),
        (LastRun(NOW - 500, NOW - 100, reached_limit=True, has_same_input=False), NOW - 100),
        (LastRun(NOW - 500, None, has_same_input=False), float("inf")),
    ],
)
def test_a_run_that_goes_on_failed_or_reached_its_limit_holds_off_the_next(last: LastRun, next_at: float) -> None:
    assert last.next_at == next_at
    for now in (NOW, NOW + AFTER_FAILURE_S, NOW + AFTER_LIMIT_S):
        assert should_start(TERMS, 10, NOW - 999, OFF, None, last, now) is (now >= next_at)


def test_what_a_run_has_left_counts_from_its_end() -> None:
    last = LastRun(NOW - 900, NOW - 100, has_succeeded=True)

    assert wave_began_at(NOW - 500, last) == NOW - 100 + MOMENT_S
    assert not should_start(TERMS, 1, NOW - 500, OFF, None, last, NOW)
    assert should_start(TERMS, 1, NOW - 500, OFF, None, last, NOW + 201)


@settings(max_examples=60, deadline=None)
@given(
    uploads=st.lists(st.tuples(st.integers(0, DAY_S - 4 * 3600), st.integers(1, 40)), min_size=1, max_size=12),
    run_s=st.integers(300, 7200),
    duplicates=st.integers(1, 3),
    terms=st.builds(StartAt, images=st.integers(1, 50), oldestSeconds=st.floats(1, 3600)),
)
def test_on_a_day_of_ticks_each_wave_is_started_once_and_none_is_forgotten(
    uploads: list[tuple[int, int]], run_s: int, duplicates: int, terms: StartAt
) -> None:
    """Each run takes `run_s` seconds and then has analysed all that waited; ticks may be delivered several times."""
    starts: list[int] = []
    names: set[float] = set()
    done_until, waiting_since = -1.0, None
    for now in range(0, DAY_S, TICK_S):
        last = LastRun(starts[-1], starts[-1] + run_s, has_succeeded=True) if starts else None
        if last is not None and last.ended_at is not None and now < last.ended_at:
            last = dataclasses.replace(last, ended_at=None)
        elif last is not None:
            done_until = starts[-1] + run_s - 1
        waiting = sum(number for at, number in uploads if done_until < at <= now)
        waiting_since = (waiting_since or float(now)) if waiting else None
        for _ in range(duplicates):
            if should_start(terms, waiting, waiting_since, OFF, None, last, now):
                names.add(wave_began_at(waiting_since or 0.0, last))
                starts = starts if starts and starts[-1] == now else [*starts, now]

    assert len(names) == len(starts), "each start has one name, which its duplicates share"
    assert all(later - earlier >= run_s for earlier, later in pairwise(starts))
    for at, _ in uploads:
        assert any(at <= start + run_s and start <= at + terms.oldest_seconds + run_s + 3 * TICK_S for start in starts)
        assert not any(start < min(at for at, _ in uploads) for start in starts)
