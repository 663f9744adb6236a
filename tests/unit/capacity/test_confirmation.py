"""The paced part of a step: which of its seconds count, and when a rate is clean."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.capacity.confirmation import PacedCounts, paced_part, paced_seconds, run_evenly
from lambdas.capacity.measurement import CleanRate
from lambdas.capacity.step_checks import LoadTest
from lambdas.capacity.step_plans import SearchLimits
from lambdas.load.counts import StepCounts
from lambdas.load.histogram import LatencyHistogram
from lambdas.load.step import StepPlan
from tests.unit.capacity.steps import Played, worker

PLAN = StepPlan("confirm", 4, 1, 2.0, 2.0, 2.0, paced_tps=9.0, paced_s=7.4)


def paced(accepted: tuple[int, ...], throttled: int = 0, failed: int = 0) -> PacedCounts:
    return PacedCounts(9.0, accepted, throttled, failed, 0.0, None, LatencyHistogram())


def step(accepted: list[int], throttled: list[int], late: int = 0) -> StepCounts:
    return StepCounts(PLAN, [replace(worker(accepted, throttled, seconds=2.0), late=late)])


def test_the_whole_seconds_after_the_warm_up_count() -> None:
    assert paced_seconds(PLAN) == (3, 9)


def test_seconds_after_the_last_reply_have_none() -> None:
    part = paced_part(step([50, 50, 9, 9, 8, 7], [9, 9, 0, 0, 1, 2]))

    assert part.accepted_by_second == (9, 8, 7, 0, 0, 0)
    assert (part.throttled, part.sent, part.seconds) == (3, 27, 6)
    assert part.accepted_tps == 4


def test_late_requests_are_a_share_of_those_accepted_and_throttled() -> None:
    assert paced_part(step([0, 0, 0, 10, 20], [0, 0, 0, 4, 6], late=2)).late_share == 2 / 40
    assert paced_part(step([0, 0, 0, 1], [], late=1)).late_share == 1
    assert paced_part(step([], [], late=0)).late_share == 0


@pytest.mark.parametrize(
    ("accepted", "throttled", "failed", "clean"),
    [
        ((199,), 1, 0, True),
        ((198,), 1, 0, False),
        ((190,), 1, 9, True),  # a request that failed was sent
        ((1,), 0, 0, True),
        ((), 0, 0, False),
    ],
)
def test_a_rate_is_clean_if_at_most_one_of_200_is_throttled(
    accepted: tuple[int, ...], throttled: int, failed: int, clean: bool
) -> None:
    assert (paced(accepted, throttled, failed).clean_rate is not None) is clean


def test_the_rate_of_no_second_is_nothing() -> None:
    assert (paced(()).accepted_tps, paced((5,)).accepted_tps) == (0, 5)


@pytest.mark.parametrize(("sent", "below"), [(0, 1.0), (1, 0.95), (58, 0.0503), (59, 0.0495)])
def test_of_59_requests_without_a_throttle_less_than_five_percent_are_throttled(sent: int, below: float) -> None:
    """1 - 0.05 ** (1 / n): the rule of three, exactly."""
    assert CleanRate(9.0, sent, 0, LatencyHistogram()).throttle_ratio_below == pytest.approx(below, abs=1e-4)


@pytest.mark.parametrize(("late", "steps"), [(1, 1), (2, 3)])
def test_a_step_is_repeated_twice_if_more_than_a_hundredth_leaves_late(late: int, steps: int) -> None:
    """Of 100 paced requests."""
    counts = step([0, 0, 0, *[20] * 5], [], late)

    played = Played.of(run_evenly(LoadTest(SearchLimits()), PLAN), *[counts] * 9)

    assert len(played.plans) == steps
    assert played.result == counts
