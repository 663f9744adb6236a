"""When to look whether the run for an upload may start."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.triggers.waiting import MAX_WAIT_S, wait_s


@given(due=st.floats(0.001, 3600))
def test_before_it_is_due_the_next_look_is_at_that_time(due: float) -> None:
    assert due <= wait_s(due, 0, 30) < due + 1


@pytest.mark.parametrize(("passed", "pause"), [(0, 30), (150, 30), (151, 31), (600, 120), (36_000, 7200)])
def test_after_that_looks_become_rarer_in_proportion(passed: float, pause: int) -> None:
    assert wait_s(1000, 1000 + passed, 30) == pause


@pytest.mark.parametrize("poll_s", [1, 5, 30, 300])
def test_a_message_can_wait_as_long_as_the_queue_keeps_it(poll_s: int) -> None:
    from infra.resources.queues import KEPT
    from infra.triggers import MAX_LOOKS

    now, looks = 0.0, 0
    while now < KEPT.to_seconds():
        pause = wait_s(0, now, poll_s)
        assert pause <= MAX_WAIT_S
        now, looks = now + pause, looks + 1

    assert looks < MAX_LOOKS
