"""Models that queue, and quotas per long window: what is asked of them, and which rate is confirmed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.capacity.other_limits import measure_latency_bound, measure_windowed, replies_by_second
from lambdas.capacity.step_checks import LoadTest
from lambdas.capacity.step_plans import SearchLimits
from lambdas.load.counts import StepCounts
from lambdas.load.histogram import LatencyHistogram
from lambdas.load.step import StepPlan
from tests.unit.capacity.steps import Played, Reply, steady, worker

RAMP = StepPlan("ramp", 12, 2, 3.0, 3.0, 3.0)


def queueing(*replies: Reply, latency_s: float = 0.5) -> Played:
    """A model whose ramp ended with 20 requests/s."""
    return Played.of(measure_latency_bound(LoadTest(SearchLimits()), steady(RAMP, 20, latency_s=latency_s)), *replies)


@pytest.mark.parametrize(("latency_s", "wait_s"), [(0.1, 1.0), (0.5, 2.0), (2.0, 8.0), (4.0, 10.0)])
def test_the_queue_is_empty_before_its_replies_are_counted(latency_s: float, wait_s: float) -> None:
    plan = queueing((20, 0), (18, 0), latency_s=latency_s).plans[0]

    assert (plan.phase, plan.lanes, plan.base_s) == ("latency", 12, 14.0)
    assert plan.wait_s == pytest.approx(wait_s, rel=0.03)  # a bucket of the histogram


def test_the_first_two_seconds_of_replies_are_left_out() -> None:
    plan = StepPlan("latency", 4, 1, 14.0, 14.0, 14.0)

    assert replies_by_second(steady(plan, 7)) == [7] * 12


def test_a_rate_that_passes_at_once_is_confirmed() -> None:
    played = queueing((20, 0), (18, 0))

    assert [plan.paced_tps for plan in played.plans[1:]] == [pytest.approx(18.0)]
    found = played.result
    assert (found.ending, found.concurrency) == ("latency-bound", 12)
    assert (found.is_confirmed, found.clean_rate.tps) == (True, 18.0)
    assert found.max_tps.estimate == 20
    assert 19.5 < found.max_tps.low < 20


@pytest.mark.parametrize(
    ("accepted", "throttled", "factor"), [(198, 2, 0.93), (80, 20, 0.7), (50, 50, 0.6), (9, 91, 0.6)]
)
def test_the_next_rate_is_lower_by_the_share_that_was_throttled(accepted: int, throttled: int, factor: float) -> None:
    played = queueing((200, 0), (accepted, throttled), (100, 0))

    first, second = (plan.paced_tps for plan in played.plans[1:])
    assert second == pytest.approx(factor * first)
    found = played.result
    assert (found.is_confirmed, found.clean_rate.tps) == (False, second)
    assert found.max_tps.low == pytest.approx(min(accepted, second, 199))


def test_after_three_rates_that_are_throttled_none_is_clean() -> None:
    played = queueing((20, 0), (16, 2), (14, 1), (15, 1), (10, 0))

    assert len(played.plans) == 1 + 3
    assert (played.result.clean_rate, played.result.is_confirmed, played.result.max_tps.low) == (None, False, 14.0)


def test_a_second_without_replies_counts_as_none() -> None:
    plan = StepPlan("latency", 4, 1, 14.0, 14.0, 14.0)

    assert replies_by_second(StepCounts(plan, [worker([9] * 5, seconds=14.0)])) == [9] * 3 + [0] * 9


@pytest.mark.parametrize(("latency_s", "workers"), [(0.2, 4), (2.0, 7)])
def test_the_confirmation_has_lanes_for_slow_replies(latency_s: float, workers: int) -> None:
    """18 requests/s of 2 s are 36 in flight, and half as many more are 54, of 8 for each worker."""
    played = queueing((20, 0, latency_s), (18, 0))

    assert (played.plans[1].lanes, played.plans[1].workers) == (1, workers)


def test_a_model_without_replies_is_waited_for_for_a_second() -> None:
    silent = replace(worker([20] * 3), latency=LatencyHistogram(), workers=2)

    plan = next(measure_latency_bound(LoadTest(SearchLimits()), StepCounts(RAMP, [silent])))

    assert plan.wait_s == 1


def test_a_confirmation_without_any_request_confirms_nothing() -> None:
    plan = queueing((20, 0), (18, 0)).plans[1]
    silent = StepCounts(plan, [replace(worker([9, 9], seconds=plan.max_s), workers=plan.workers)])

    played = queueing((20, 0), silent, (18, 0))

    assert len(played.plans) == 2
    assert (played.result.clean_rate, played.result.is_confirmed) == (None, False)


def test_a_quota_per_window_is_counted_for_longer_and_confirmed_after_a_refill() -> None:
    steps = measure_windowed(LoadTest(SearchLimits()), steady(RAMP, 5, 5))
    plan = next(steps)
    assert (plan.phase, plan.lanes, plan.base_s) == ("window", 12, 40.0)

    refills = [40 if second % 8 == 0 else 0 for second in range(40)]
    confirmation = steps.send(StepCounts(plan, [replace(worker(refills, [5] * 40), workers=plan.workers)]))

    assert confirmation.paced_tps == pytest.approx(0.95 * 5)
    assert confirmation.wait_s == pytest.approx(8, abs=1)


def test_a_quick_run_confirms_nothing() -> None:
    quick = LoadTest(SearchLimits(mode="quick"))

    assert len(Played.of(measure_latency_bound(quick, steady(RAMP, 20)), (20, 0)).plans) == 1
