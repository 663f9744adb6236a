"""How many workers a step has, and for how long they send."""

from __future__ import annotations

from dataclasses import replace

import pytest

from iu_tuner.contract.choices import Mode
from lambdas.capacity.step_plans import SearchLimits, closed_loop_plan, confirmation_plan, probe_plan
from lambdas.load.step import Phase, StepPlan

LIMITS = SearchLimits(in_flight_per_worker=8, most_workers=20)


@pytest.mark.parametrize(
    ("limits", "lanes"),
    [
        (SearchLimits(max_concurrency=256, in_flight_per_worker=8, most_workers=32), 8),
        (SearchLimits(max_concurrency=256, in_flight_per_worker=8, most_workers=31), 9),
        (SearchLimits(max_concurrency=4, in_flight_per_worker=8, most_workers=1), 8),
    ],
)
def test_with_few_workers_each_has_more_lanes(limits: SearchLimits, lanes: int) -> None:
    assert limits.lanes_per_worker == lanes


@pytest.mark.parametrize(("lanes", "workers"), [(1, 1), (8, 1), (9, 2), (160, 20), (400, 20)])
def test_a_closed_loop_has_a_worker_for_so_many_lanes(lanes: int, workers: int) -> None:
    assert closed_loop_plan("window", lanes, LIMITS, at_least_s=40.0).workers == workers


@pytest.mark.parametrize(
    ("phase", "lanes", "at_least_s", "extended_s", "max_s"),
    [
        ("ramp", 8, 3.0, 12.0, 20.0),  # a single worker goes on for longer
        ("ramp", 9, 3.0, 12.0, 12.0),
        ("ramp", 8, 12.0, 12.0, 12.0),
        ("ramp", 8, 30.0, 30.0, 30.0),
        ("latency", 8, 3.0, 3.0, 3.0),
    ],
)
def test_only_a_short_step_of_the_ramp_is_extended(
    phase: Phase, lanes: int, at_least_s: float, extended_s: float, max_s: float
) -> None:
    plan = closed_loop_plan(phase, lanes, LIMITS, at_least_s=at_least_s, wait_s=1.5)

    assert (plan.base_s, plan.extended_s, plan.max_s, plan.wait_s) == (at_least_s, extended_s, max_s, 1.5)


@pytest.mark.parametrize(
    ("mode", "rate", "paced_s"),
    [
        ("standard", 1.0, 15.0),
        ("standard", 6.1, 11.0),  # 61 requests and a second before them
        ("standard", 61.0, 7.0),
        ("precise", 1.0, 25.0),
        ("precise", 10.0, 11.0),
        ("quick", 6.1, 11.0),
    ],
)
def test_a_confirmation_is_long_enough_for_a_p95(mode: Mode, rate: float, paced_s: float) -> None:
    plan = confirmation_plan(rate, 0.2, 4, replace(LIMITS, mode=mode), wait_s=2.0)

    assert plan.paced_s == pytest.approx(paced_s)
    assert plan == StepPlan("confirm", 4, plan.workers, 1.0, 1.0, 1.0, rate, plan.paced_s, wait_s=2.0)


@pytest.mark.parametrize(
    ("rate", "p95_s", "drain", "workers"),
    [
        (5.0, 0.2, 1, 1),  # 7.5 requests in flight, as for less than a second they count as one
        (6.0, 0.2, 1, 2),
        (5.0, 2.0, 1, 2),
        (11.0, 2.0, 1, 5),
        (5.0, 0.2, 17, 3),
        (1000.0, 1.0, 1, 20),
    ],
)
def test_a_paced_step_has_lanes_for_half_as_many_requests_again_as_are_in_flight(
    rate: float, p95_s: float, drain: int, workers: int
) -> None:
    look = closed_loop_plan("look", drain, LIMITS, at_least_s=11.0)

    assert confirmation_plan(rate, p95_s, drain, LIMITS, drain_s=5.0).workers == workers
    assert probe_plan(look, rate, p95_s, 6.0, LIMITS) == replace(look, workers=workers, paced_tps=rate, paced_s=6.0)
