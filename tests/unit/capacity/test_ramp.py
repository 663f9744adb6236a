"""The part of a ramp step in which the model was saturated, and what the next step of the ramp is."""

from __future__ import annotations

import pytest

from lambdas.capacity.ramp import ramp, saturated_part
from lambdas.capacity.step_checks import LoadTest
from lambdas.capacity.step_plans import SearchLimits
from lambdas.load.counts import StepCounts
from lambdas.load.step import StepPlan
from tests.unit.capacity.steps import Played, worker

STEP = StepPlan("ramp", 24, 3, 3.0, 12.0, 12.0)
LIMITS = SearchLimits(start_concurrency=4, max_concurrency=64)


def test_after_the_first_workers_ended_the_others_may_have_saturated_the_model() -> None:
    """Two workers ended unthrottled, after 3 and 4 seconds: the third one's part begins with the end of both."""
    short, longer = worker([9] * 3), worker([9] * 4)
    last = worker([9] * 4 + [6] * 8, [0] * 4 + [6] * 8)

    part = saturated_part(StepCounts(STEP, [short, longer, last]))

    assert part is not None
    assert [(each.seconds, each.ready_s) for each in part.workers] == [(12, 4)]


def test_a_step_that_was_saturated_is_taken_whole() -> None:
    whole = StepCounts(STEP, [worker([6] * 12, [6] * 12)] * 3)

    assert saturated_part(whole) is whole


def test_a_step_without_throttles_has_no_such_part() -> None:
    assert saturated_part(StepCounts(STEP, [worker([9] * 3), worker([9] * 12)])) is None


def test_a_step_of_one_length_has_no_part_after_its_first_second() -> None:
    """Throttled in the first second, and then not for five: more than 40 % of the seconds are without."""
    counts = StepCounts(STEP, [worker([6] * 12, [9, *[0] * 5, *[9] * 6])])

    assert saturated_part(counts) is None


@pytest.mark.parametrize(
    ("second", "seconds", "lanes"),
    [
        pytest.param((44, 0, 0.18), [3.0, 3.0, 5.0], [4, 8, 8], id="queues"),
        pytest.param((48, 0, 0.15), [3.0, 3.0, 5.0, 3.0], [4, 8, 8, 16], id="may queue, and does not"),
        pytest.param((55, 0, 0.15), [3.0, 3.0, 5.0, 3.0], [4, 8, 8, 16], id="hardly more than may queue"),
        pytest.param((58, 0, 0.15), [3.0, 3.0, 3.0], [4, 8, 16], id="faster"),
        pytest.param((44, 0, 0.13), [3.0, 3.0, 3.0], [4, 8, 16], id="no later"),
    ],
)
def test_a_step_that_may_queue_is_repeated_for_longer(
    second: tuple[int, int, float], seconds: list[float], lanes: list[int]
) -> None:
    played = Played.of(ramp(LoadTest(LIMITS)), (40, 0, 0.1), second, second, (900, 0, 0.1), (900, 0, 0.1))

    assert [plan.base_s for plan in played.plans][: len(seconds)] == seconds
    assert [plan.lanes for plan in played.plans][: len(lanes)] == lanes
    assert (played.result and played.result[0]) == ("latency-bound" if lanes[-1] == 8 else None)


@pytest.mark.parametrize(("factor", "queues"), [(1.55, False), (1.66, True)])
def test_a_model_queues_if_the_median_latency_grows_by_six_tenths(factor: float, queues: bool) -> None:
    second = 44, 0, 0.1 * factor

    played = Played.of(ramp(LoadTest(LIMITS)), (40, 0, 0.1), second, second)

    assert (played.result is not None) is queues


@pytest.mark.parametrize(("tps", "queues"), [(45, True), (47, False)])
def test_a_model_queues_if_its_rate_grows_by_less_than_15_percent(tps: int, queues: bool) -> None:
    second = tps, 0, 0.2

    played = Played.of(ramp(LoadTest(LIMITS)), (40, 0, 0.1), second, second)

    assert (played.result is not None) is queues


def test_a_single_throttled_request_makes_the_quick_ramp_careful() -> None:
    test = LoadTest(SearchLimits(mode="quick"))
    one = StepCounts(StepPlan("ramp", 4, 1, 3.0, 12.0, 20.0), [worker([40] * 3, [1, 0, 0])])

    assert [plan.lanes for plan in Played.of(ramp(test), one).plans] == [4, 8]


@pytest.mark.parametrize(("mode", "lanes"), [("standard", [4, 8, 16]), ("precise", [4, 8, 16]), ("quick", [4, 16, 64])])
def test_concurrency_doubles_or_quadruples(mode: str, lanes: list[int]) -> None:
    test = LoadTest(SearchLimits(mode=mode, max_concurrency=64))  # type: ignore[arg-type]

    played = Played.of(ramp(test), (40, 0), (80, 0), (160, 0), (320, 320), (320, 320), (320, 320))

    assert [plan.lanes for plan in played.plans][:3] == lanes


def test_throttles_ask_for_a_long_step_which_ends_the_ramp() -> None:
    played = Played.of(ramp(LoadTest(LIMITS)), (40, 0), (60, 20), (60, 100), (60, 100))

    assert [(plan.lanes, plan.base_s) for plan in played.plans] == [(4, 3.0), (8, 3.0), (16, 12.0)]
    ending, counts, tps = played.result
    assert (ending, counts.plan.lanes, round(tps)) == ("saturated", 16, 60)


def test_without_any_throttle_the_most_lanes_give_a_lower_bound_of_a_longer_step() -> None:
    played = Played.of(ramp(LoadTest(SearchLimits(max_concurrency=8))), (40, 0), (80, 0), (80, 0))

    assert [(plan.lanes, plan.base_s) for plan in played.plans] == [(4, 3.0), (8, 3.0), (8, 30.0)]
    assert played.result[0] == "not-saturated"
