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
