"""One run per burst and none lost: whatever the order, repetition and delay of events, wherever Lambdas die."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.triggers.fake_aws import ARN, POLL_S, Fault, World

FAULTS: list[Fault] = ["dies before", "dies after", "refused", "another meanwhile"]
faults = st.dictionaries(st.integers(1, 60), st.sampled_from(FAULTS), max_size=8)
delays = st.lists(st.floats(0.1, 400), min_size=1, max_size=3)
settles = st.integers(1, 1200)


def seen_by_a_run(world: World, uploaded: float) -> bool:
    return any(run.takes_lease_at >= uploaded for run in world.measuring)


@settings(max_examples=300, deadline=None)
@given(settle_s=settles, burst=st.lists(st.tuples(st.floats(0, 1), delays), min_size=1), faults=faults)
def test_a_burst_starts_exactly_one_run(
    settle_s: int, burst: list[tuple[float, list[float]]], faults: dict[int, Fault]
) -> None:
    world = World(settle_s=settle_s, faults=faults)
    for share, arrivals in burst:
        world.upload(share * settle_s, *arrivals)

    world.play()

    assert len(world.measuring) == 1
    assert world.messages == world.dead_letters == []


@settings(max_examples=300, deadline=None)
@given(
    settle_s=st.integers(1, 60),
    uploads=st.lists(st.tuples(st.floats(0, 900), delays), min_size=1),
    others=st.lists(st.tuples(st.floats(0, 900), st.floats(1, 200)), max_size=3),
    faults=faults,
)
def test_every_upload_is_seen_by_a_run(
    settle_s: int, uploads: list[tuple[float, list[float]]], others: list[tuple[float, float]], faults: dict[int, Fault]
) -> None:
    world = World(settle_s=settle_s, faults=faults, others=[(at, at + lasts) for at, lasts in others])
    for at, arrivals in uploads:
        world.upload(at, *arrivals)

    world.play()

    assert world.dead_letters == []
    assert all(seen_by_a_run(world, at) for at, _ in uploads)
    held = sorted((run.takes_lease_at, run.ends) for run in world.measuring)
    assert all(first_ends <= second_takes for (_, first_ends), (second_takes, _) in pairwise(held))


@settings(max_examples=100, deadline=None)
@given(during=st.lists(st.floats(3, 55), min_size=1), faults=faults)
def test_uploads_during_a_run_lead_to_exactly_one_more_after_it(during: list[float], faults: dict[int, Fault]) -> None:
    world = World(settle_s=5, run_s=60)
    world.upload(0, 0.5)
    world.play(until=20)
    (first,) = world.runs
    world.calls, world.faults = 0, faults
    for after in during:
        world.upload(first.started + after, 0.5)

    world.play()

    assert len(world.measuring) == 2
    assert world.measuring[1].started >= first.ends


def test_of_two_lambdas_at_once_the_one_that_was_slower_starts_no_second_run() -> None:
    """Two messages about the same second: the other is handled between the look at the table and the claim."""
    world = World(settle_s=5, faults={8: "another meanwhile"})
    world.upload(0, 0.5, 0.5)

    world.play()

    assert world.faults == {}
    assert len(world.runs) == 1


@pytest.mark.parametrize("count", [1, 100, 5_000])
def test_the_number_of_uploads_does_not_matter(count: int) -> None:
    world = World()
    for number in range(count):
        world.upload(number * 8 / count, 0.5)
    world.now = 8.5
    waiting = list(world.messages)

    for start in range(0, count, 1000):
        world.deliver(*waiting[start : start + 1000])
    still_waiting = len(world.messages)
    world.play()

    assert len(world.runs) == 1
    assert still_waiting <= max(1, count / 1000)


def test_the_run_starts_when_no_upload_came_for_so_long() -> None:
    world = World(settle_s=10)
    for at in (0, 8, 16, 24):
        world.upload(at, 0.5)

    world.play()

    (run,) = world.runs
    assert 34 <= run.started <= 38


def test_events_that_are_all_late_start_one_run() -> None:
    """As when a long queue is read more slowly than it is filled."""
    world = World(settle_s=5)
    for number in range(40):
        world.upload(number, 20 + number)

    world.play()

    (run,) = world.runs
    assert run.started >= 98


def test_a_pause_of_an_hour_is_kept() -> None:
    world = World(settle_s=3600)
    world.upload(0, 0.5)

    world.play()

    (run,) = world.runs
    assert 3600 <= run.started <= 3605


@pytest.mark.parametrize("held_s", [20, 300, 3_600, 80_000])
def test_while_another_run_tests_the_model_no_run_starts(held_s: float) -> None:
    world = World(settle_s=5, others=[(0, held_s)])
    world.upload(10, 0.5)

    world.play()

    (run,) = world.runs
    assert held_s <= run.started <= held_s + max(POLL_S, 0.2 * held_s)
    assert world.dead_letters == []


def test_a_run_that_was_skipped_is_made_up_for() -> None:
    """Another run takes the lease between our look at it and our run's."""
    world = World(settle_s=5, others=[(8.4, 100)])
    world.upload(0, 0.5)

    world.play()

    assert [run.is_skipped for run in world.runs] == [True, False]
    assert len({run.name for run in world.runs}) == 2


def test_the_bucket_and_the_prefix_are_filled_in() -> None:
    world = World()
    world.upload(0, 0.5)

    world.play()

    assert world.runs[0].input == {
        "modelArn": ARN,
        "test": {"mode": "quick"},
        "images": {"bucket": "bucket", "prefix": "samples/"},
    }


def test_what_fails_at_every_look_becomes_a_dead_letter() -> None:
    world = World(faults=dict.fromkeys(range(1, 10_000), "refused"))
    world.upload(0, 0.5)

    world.play()

    assert len(world.dead_letters) == 1
    assert world.messages == world.runs == []
