"""Whether a step can be used, and whether the model or the client decided it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lambdas.capacity.step_checks import is_usable, limiting_factor, run_step
from lambdas.load.counts import StepCounts
from lambdas.load.step import Phase, StepPlan
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.service import SimulatedService
from simulation.virtual_time import VirtualClient
from tests.unit.capacity.steps import worker

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
