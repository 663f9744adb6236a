"""Whether a step can be used, and whether the model or the client decided it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lambdas.capacity.step_checks import LoadTest, has_refused_workers, is_usable, limiting_factor, run_step
from lambdas.capacity.step_plans import SearchLimits
from lambdas.load.counts import StepCounts
from lambdas.load.step import Phase, StepPlan
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.service import SimulatedService
from simulation.virtual_time import VirtualClient
from tests.unit.capacity.steps import Played, worker

SLOW, FAST = {"tps_per_iu": 5.0}, {"tps_per_iu": 5000.0}


def step(truth: dict[str, Any], phase: Phase = "ramp", seconds: float = 14.0, paced_tps: float = 0.0) -> StepCounts:
    plan = StepPlan(phase, 16, 2, seconds, seconds, seconds, paced_tps=paced_tps, paced_s=2.0 if paced_tps else 0.0)
    return VirtualClient(SimulatedService(ModelTruth(**truth))).run_step(plan)


def with_one(counts: StepCounts, **values: Any) -> StepCounts:
    """The step with these values in one of its workers."""
    first, *others = counts.workers
    return StepCounts(counts.plan, [replace(first, **values), *others])


@pytest.mark.parametrize(
    ("strain", "ending"),
    [
        ({"cpu_share": 0.69, "bytes_per_s": 39e6}, None),
        ({"cpu_share": 0.71}, "client-limited"),
        ({"bytes_per_s": 41e6}, "client-limited"),
    ],
)
def test_a_worker_near_its_limit_is_not_taken_for_the_models(strain: dict[str, float], ending: str | None) -> None:
    assert limiting_factor(with_one(step(FAST), **strain)) == ending


THREE_S = StepPlan("ramp", 4, 1, 3.0, 3.0, 3.0)


@pytest.mark.parametrize(("utilization", "ending"), [(0.85, None), (0.84, "client-limited")])
def test_lanes_that_are_idle_for_more_than_15_percent_are_the_clients_limit(
    utilization: float, ending: str | None
) -> None:
    one = replace(worker([9] * 3), client_utilization=utilization)

    assert limiting_factor(StepCounts(THREE_S, [one])) == ending


@pytest.mark.parametrize(("throttled", "ending"), [(3, None), (2, "client-limited")])
def test_a_model_that_refuses_three_of_ten_is_saturated_by_strained_workers(throttled: int, ending: str | None) -> None:
    one = replace(worker([10 - throttled] * 3, [throttled] * 3), cpu_share=0.9)

    assert limiting_factor(StepCounts(THREE_S, [one])) == ending


@pytest.mark.parametrize(
    ("accepted", "throttled", "refused", "ending"),
    [
        (97, 0, 3, "account-throttled"),
        (98, 0, 2, None),
        (147, 0, 3, None),  # 2 of 100 may be by chance
        (146, 0, 4, "account-throttled"),
        (90, 5, 5, "account-throttled"),
        (89, 6, 5, None),
        (55, 20, 10, None),
    ],
)
def test_an_account_that_refuses_at_least_as_much_as_the_model_is_the_limit(
    accepted: int, throttled: int, refused: int, ending: str | None
) -> None:
    failed = refused + (15 if accepted == 55 else 0)
    one = worker([accepted, 0, 0], [throttled, 0, 0])
    one = replace(
        one, failed=[failed], failures={"ThrottlingException": refused, "InternalServerError": failed - refused}
    )

    assert limiting_factor(StepCounts(THREE_S, [one])) == ending


@pytest.mark.parametrize(("seconds", "ending"), [(12, "client-limited"), (11, None)])
def test_a_step_that_stalled_is_long_from_twelve_seconds_on(seconds: int, ending: str | None) -> None:
    one = replace(worker([9] * seconds), stalled=range(seconds))

    assert limiting_factor(StepCounts(THREE_S, [one])) == ending


@pytest.mark.parametrize(("lost", "usable"), [(2, True), (3, False)])
def test_a_tenth_of_the_workers_may_be_lost(lost: int, usable: bool) -> None:
    counts = StepCounts(StepPlan("ramp", 40, 20, 3.0, 3.0, 3.0), [worker([5] * 3)] * (20 - lost))

    assert is_usable(counts) is usable


@pytest.mark.parametrize(("refused", "is_quota"), [(5, True), (3, True), (2, False)])
def test_lambda_refused_a_step_if_nearly_all_lost_workers_were_refused(refused: int, is_quota: bool) -> None:
    counts = StepCounts(StepPlan("ramp", 40, 20, 3.0, 3.0, 3.0), [worker([5] * 3)] * 15, refused)

    assert has_refused_workers(counts) is is_quota


@pytest.mark.parametrize(("ready_s", "usable"), [(0.9, True), (1.0, True), (1.1, False)])
def test_the_last_worker_may_start_a_second_late(ready_s: float, usable: bool) -> None:
    assert is_usable(StepCounts(THREE_S, [replace(worker([5] * 3), ready_s=ready_s)])) is usable


def test_a_step_in_which_anything_was_answered_is_no_lost_model() -> None:
    for one in (worker([1, 0, 0]), worker([0, 0, 0], [1, 0, 0])):
        assert Played.of(run_step(THREE_S), StepCounts(THREE_S, [one])).result.sent == 1
    refused = replace(worker([0, 0, 0]), failed=[4], failures={"ThrottlingException": 4})
    assert Played.of(run_step(THREE_S), StepCounts(THREE_S, [refused])).result.account_limited == 4


def test_a_load_test_adds_up_its_pauses_and_loads() -> None:
    test = LoadTest(SearchLimits(max_concurrency=256))
    plan = StepPlan("look", 8, 1, 14.0, 14.0, 14.0, paced_tps=5.0, paced_s=6.0, wait_s=1.5)
    assert test.elapsed_s == 0

    Played.of(test.run(plan), (5, 5))

    assert test.elapsed_s == 1.5 + 14 + 6
    assert (test.more_lanes(8), test.more_lanes(200)) == (16, 256)


def test_a_model_that_refuses_enough_is_saturated_however_hard_the_workers_have_to_work() -> None:
    saturated = step(SLOW)
    assert sum(saturated.throttled) > 0.3 * saturated.sent

    assert limiting_factor(with_one(saturated, cpu_share=0.9, bytes_per_s=60e6)) is None


def test_a_long_step_that_mostly_stalled_is_the_clients_doing() -> None:
    assert limiting_factor(with_one(step(SLOW), stalled=range(12))) == "client-limited"
    assert limiting_factor(with_one(step(SLOW), stalled=[3])) is None
    assert limiting_factor(with_one(step(FAST, seconds=4.0), stalled=[0, 1, 2])) is None


@pytest.mark.parametrize(
    ("counts", "stalled", "usable"),
    [
        (step(FAST, seconds=4.0), [1], True),
        (step(FAST, seconds=4.0), [0, 2], False),
        (step(SLOW), [3, 7], True),
        (step(SLOW, "confirm", seconds=2.0, paced_tps=4.0), [0, 1], True),
        (step(SLOW, "confirm", seconds=2.0, paced_tps=0.5), [0, 1], True),
    ],
)
def test_a_step_that_mostly_stalled_is_of_no_use(counts: StepCounts, stalled: list[int], usable: bool) -> None:
    assert is_usable(with_one(counts, stalled=stalled)) is usable


@pytest.mark.parametrize(
    ("phase", "stalled", "again"),
    [
        ("ramp", [3], False),
        ("ramp", range(12), True),
        ("latency", [3], True),
        ("window", [3], True),
        ("window", [], False),
    ],
)
def test_what_a_stall_spoilt_is_run_once_more(phase: Phase, stalled: list[int], again: bool) -> None:
    counts = with_one(step(SLOW, phase), stalled=stalled)
    running = run_step(counts.plan)
    next(running)

    if again:
        assert running.send(counts) == counts.plan
    with pytest.raises(StopIteration) as ended:
        running.send(counts)
    assert ended.value.value == counts


@pytest.mark.parametrize(("failed", "ending"), [(10, None), (19, None), (20, "unstable")])
def test_a_tenth_of_the_requests_may_fail_and_what_chance_adds(failed: int, ending: str | None) -> None:
    """Three standard errors of 10 of 100 requests are 9."""
    one = replace(worker([100 - failed, 0, 0]), failed=[failed], failures={"InternalServerError": failed})

    assert limiting_factor(StepCounts(StepPlan("ramp", 4, 1, 3.0, 3.0, 3.0), [one])) == ending
