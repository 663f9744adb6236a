"""A worker's ticking: which seconds it stalled in, how much CPU and how many bytes its load took."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.load.heartbeat import BEAT_INTERVAL_S, STALL_S, Beat, Heartbeat, spoilt_seconds


def beaten(times_s: Iterable[float], until_s: float = 10.0) -> Heartbeat:
    heartbeat = Heartbeat()
    for at_s in times_s:
        heartbeat.beat(Beat(at_s, cpu_s=100 + 0.5 * at_s, on_wire=round(1000 * max(0.0, at_s))), until_s)
    return heartbeat


def ticks(start_s: float, end_s: float) -> list[float]:
    return [start_s + BEAT_INTERVAL_S * n for n in range(round((end_s - start_s) / BEAT_INTERVAL_S) + 1)]


@given(st.floats(0.1, 8.0), st.floats(STALL_S + BEAT_INTERVAL_S, 2.0))
def test_a_stall_is_seen_in_all_its_seconds_and_in_no_other(start_s: float, length_s: float) -> None:
    heartbeat = beaten([*ticks(-1.0, start_s), *ticks(start_s + length_s, 10.5)])

    last_s = max(at_s for at_s in ticks(-1.0, start_s))
    assert heartbeat.stalled == list(range(int(last_s + BEAT_INTERVAL_S), int(min(10.0, start_s + length_s)) + 1))


@given(st.lists(st.floats(0.001, STALL_S - 0.001), min_size=1, max_size=50))
def test_beats_that_are_a_little_late_are_no_stalls(gaps_s: list[float]) -> None:
    assert beaten(sum(gaps_s[:n]) for n in range(len(gaps_s))).stalled == []


@pytest.mark.parametrize(
    ("beats_s", "stalled"),
    [([-1.0, -0.1], []), ([-0.5, 0.4], [0]), ([9.5, 10.4], [9, 10]), ([10.1, 11.0], []), ([3.0], [])],
)
def test_only_what_lies_in_the_load_counts(beats_s: list[float], stalled: list[int]) -> None:
    assert beaten(beats_s).stalled == stalled


def test_shares_are_of_the_seconds_of_load() -> None:
    heartbeat = beaten(ticks(-2.0, 12.0))

    assert heartbeat.cpu_share == pytest.approx(0.5)
    assert heartbeat.bytes_per_s == pytest.approx(1000, rel=0.01)


def test_a_step_that_was_hardly_begun_has_no_shares() -> None:
    assert beaten([-0.1, 0.0, 0.02]).cpu_share == 0.0
    assert beaten([]).bytes_per_s == 0.0


@pytest.mark.parametrize(
    ("stalled", "throttled", "spoilt"),
    [
        ([], [0, 3, 3, 3], set()),
        ([2], [0, 3, 1, 3, 3], {2, 3}),
        ([2, 3], [0, 3, 0, 0, 0, 2, 3], {2, 3, 4, 5}),
        ([2], [0, 0, 0, 0, 0], {2, 3}),
        ([2], [0, 3], {2, 3}),
        ([1, 4], [0, 0, 1, 1, 0, 1, 1], {1, 2, 4, 5}),
    ],
)
def test_what_comes_after_a_stall_counts_once_the_next_throttle_is_over(
    stalled: list[int], throttled: list[int], spoilt: set[int]
) -> None:
    assert spoilt_seconds(stalled, throttled) == spoilt
