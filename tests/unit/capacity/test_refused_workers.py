"""Workers that Lambda refuses to run: the search makes do with those that it gives, and says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from iu_tuner.contract.choices import MAX_WORKERS
from iu_tuner.contract.errors import InternalError
from lambdas.capacity.measurement import Measurement, WorkerRefusal
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.refused_workers import lower_bound, without_refused_steps
from lambdas.capacity.search import next_move
from lambdas.capacity.step_plans import SearchLimits, closed_loop_plan, confirmation_plan
from lambdas.capacity.verdicts.verdict import judge
from lambdas.load.counts import StepCounts
from lambdas.load.lambda_quota import workers_warning, workers_within
from lambdas.load.step import Phase, StepPlan
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.service import SimulatedService
from simulation.virtual_time import VirtualClient
from tests.unit.capacity.steps import worker

# A lane a worker: the step after the first one wants 16 workers in quick mode.
ONE_LANE = SearchLimits("quick", in_flight_per_worker=1)
Given = Callable[[StepPlan, int], int]


def searched(truth: ModelTruth, limits: SearchLimits, given: Given) -> tuple[Measurement, list[StepCounts]]:
    """A search in which Lambda runs `given(plan, number of the step)` workers at the most."""
    client = VirtualClient(SimulatedService(truth), seed=1)
    history: list[StepCounts] = []
    while isinstance(move := next_move(history, limits), StepPlan):
        workers = min(move.workers, given(move, len(history)))
        counts = client.run_step(replace(move, workers=workers, lanes=min(move.lanes, workers)))
        history.append(StepCounts(move, counts.workers, move.workers - workers))
        assert len(history) < 40, "the search has no end"
    return move, history


@pytest.mark.parametrize("reserved", [3, 5, 8, 15])
@pytest.mark.parametrize("mode", ["quick", "standard"])
def test_the_steps_that_ran_are_the_answer_where_workers_are_refused(reserved: int, mode: str) -> None:
    found, history = searched(
        ModelTruth(tps_per_iu=100, latency_mean_s=0.2, latency_cv=0.05),
        replace(ONE_LANE, mode=mode),  # type: ignore[arg-type]
        lambda *_: reserved,
    )

    verdict = judge(found, quick=mode == "quick")
    assert (verdict.word, verdict.limited_by) == ("client-limited", "lambda-concurrency")
    assert found.max_tps is not None
    assert found.max_tps.high is None
    assert found.max_tps.estimate == pytest.approx(reserved / 0.2, rel=0.05)
    assert f"Lambda ran {reserved} of" in verdict.detail
    assert "'Concurrent executions' of AWS Lambda in Service Quotas" in verdict.detail
    assert history[-1].seconds >= 30, "a lower bound is what is carried for longer"


def test_a_model_that_fewer_workers_saturate_gets_its_answer() -> None:
    found, _ = searched(ModelTruth(tps_per_iu=15, latency_mean_s=0.2), ONE_LANE, lambda *_: 6)

    assert judge(found, quick=True).word == "ok"
    assert found.worker_refusal is not None
    assert found.worker_refusal.given_workers == 6
    assert found.max_tps is not None
    assert found.max_tps.low <= 15 <= (found.max_tps.high or 0)


def test_a_step_is_refused_once_and_then_run_as_if_nothing_had_been() -> None:
    given: Given = lambda plan, number: 5 if number == 1 else plan.workers  # noqa: E731

    found, history = searched(ModelTruth(tps_per_iu=30, latency_mean_s=0.2), ONE_LANE, given)

    assert history[1].plan == history[2].plan
    assert found.worker_refusal is None
    assert judge(found, quick=True).word == "ok"


def test_a_confirmation_that_is_refused_leaves_the_estimate_as_a_lower_bound() -> None:
    limits = replace(ONE_LANE, mode="standard")
    given: Given = lambda plan, _: plan.workers // 2 if plan.phase == "confirm" else plan.workers  # noqa: E731

    found, history = searched(ModelTruth(tps_per_iu=30, latency_mean_s=0.2), limits, given)

    assert history[-1].plan.phase == "confirm"
    assert (found.ending, found.max_tps and found.max_tps.high) == ("client-limited", None)
    assert found.max_tps is not None
    assert found.max_tps.estimate == pytest.approx(30, rel=0.03)


def test_where_no_worker_runs_at_all_the_run_ends_with_lambdas_quota_in_its_sentence() -> None:
    plan = next_move([], ONE_LANE)
    assert isinstance(plan, StepPlan)
    nobody = StepCounts(plan, [], plan.workers)

    with pytest.raises(InternalError, match=r"Lambda refused to run 4 of 4 workers .*Concurrent executions"):
        next_move([nobody, nobody], ONE_LANE)


def test_workers_that_were_lost_otherwise_are_no_quota() -> None:
    plan = next_move([], ONE_LANE)
    assert isinstance(plan, StepPlan)
    died = StepCounts(plan, [], refused_workers=1)

    with pytest.raises(InternalError, match="4 of 4 workers of a ramp step were lost, twice - look at the logs"):
        next_move([died, died], ONE_LANE)


def ran(phase: Phase, workers: int, given: int | None = None, rate: int = 5) -> StepCounts:
    """A step of which Lambda ran all workers, or so many."""
    plan = StepPlan(phase, 2 * workers, workers, 12.0, 12.0, 12.0)
    given = workers if given is None else given
    return StepCounts(plan, [worker([rate] * 12) for _ in range(given)], workers - given)


def test_the_search_goes_on_with_the_most_workers_that_ran() -> None:
    limits = SearchLimits(start_concurrency=300, max_concurrency=400, in_flight_per_worker=8)

    kept, fewer, refusal = without_refused_steps([ran("ramp", 5), ran("ramp", 16, 3), ran("ramp", 16, 3)], limits)

    assert [step.plan.workers for step in kept] == [5]
    assert refusal == WorkerRefusal(16, 3)
    assert (fewer.most_workers, fewer.max_concurrency, fewer.start_concurrency) == (5, 40, 40)


def test_a_search_with_few_lanes_keeps_its_concurrency() -> None:
    limits = SearchLimits(start_concurrency=4, max_concurrency=20, in_flight_per_worker=8)

    _, fewer, _ = without_refused_steps([ran("ramp", 16, 3), ran("ramp", 16, 3)], limits)

    assert (fewer.most_workers, fewer.max_concurrency, fewer.start_concurrency) == (3, 20, 4)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([ran("ramp", 16), ran("ramp", 16)], id="none refused"),
        pytest.param([ran("ramp", 16, 3), ran("ramp", 16)], id="once"),
        pytest.param([ran("ramp", 8, 3), ran("ramp", 16, 3)], id="two steps"),
        pytest.param([ran("ramp", 16, 0), ran("ramp", 16, 0)], id="all refused"),
    ],
)
def test_only_a_step_that_was_refused_twice_is_left_out(steps: list[StepCounts]) -> None:
    assert without_refused_steps(steps, ONE_LANE) == (steps, ONE_LANE, None)


def test_a_refusal_that_fewer_workers_do_not_avoid_ends_the_search() -> None:
    """As many workers ran in the step before."""
    steps = [ran("ramp", 16), ran("look", 16, 3), ran("look", 16, 3)]

    found = next_move(steps, SearchLimits())

    assert isinstance(found, Measurement)
    assert (found.ending, found.worker_refusal) == ("client-limited", WorkerRefusal(16, 3))


def test_a_lower_bound_is_the_rate_of_the_last_step_that_ran_and_was_not_paced() -> None:
    kept = [ran("ramp", 2, rate=5), ran("ramp", 4, rate=6), ran("look", 4, 1, rate=9), ran("confirm", 4, rate=1)]

    found = lower_bound(kept, WorkerRefusal(4, 1))

    assert found.max_tps == Interval.lower_bound(24.0)


@pytest.mark.parametrize(
    ("unreserved", "workers"), [(None, MAX_WORKERS), (10, 8), (3, 1), (0, 1), (100, 90), (1000, 900), (5000, 1000)]
)
def test_some_concurrency_is_left_to_the_accounts_other_functions(unreserved: int | None, workers: int) -> None:
    assert workers_within(unreserved) == workers


@pytest.mark.parametrize("workers", [1, 3, 8])
def test_with_fewer_workers_each_gets_more_lanes(workers: int) -> None:
    limits = SearchLimits(most_workers=workers)

    plan = closed_loop_plan("ramp", 64, limits, at_least_s=4)

    assert plan.workers == min(workers, 8)
    assert sum(plan.lanes_of(each) for each in range(plan.workers)) == 64
    assert max(plan.lanes_of(each) for each in range(plan.workers)) <= limits.lanes_per_worker
    assert confirmation_plan(500.0, 0.2, 128, limits).workers == min(workers, 94)


def test_fewer_workers_than_asked_for_are_told_before_the_start() -> None:
    assert workers_warning(32, 256, 8) is None
    assert "room for 8 load workers, so each may get up to 32" in (workers_warning(8, 256, 8) or "")
    assert "test.maxConcurrency is taken as 512" in (workers_warning(8, 4000, 8) or "")


def test_the_refusal_is_told_by_its_numbers() -> None:
    found, _ = searched(ModelTruth(tps_per_iu=100, latency_mean_s=0.2), ONE_LANE, lambda *_: 5)

    assert found.worker_refusal == WorkerRefusal(planned_workers=16, given_workers=5)
