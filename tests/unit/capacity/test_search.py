"""The search: which step comes next, where it ends, and that it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iu_tuner.contract.choices import Mode
from iu_tuner.contract.errors import InternalError, ModelLost
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.search import next_move
from lambdas.capacity.step_plans import SearchLimits
from lambdas.capacity.verdicts.verdict import judge
from lambdas.load.counts import StepCounts, WorkerCounts
from lambdas.load.histogram import LatencyHistogram
from lambdas.load.step import StepPlan
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.service import SimulatedService
from simulation.virtual_time import Client, SearchRun, VirtualClient, run_search

MAX_STEPS = 30


def measured(
    *, mode: Mode = "standard", max_concurrency: int = 256, units: int = 1, client: Client | None = None, **truth: Any
) -> SearchRun:
    limits = SearchLimits(mode=mode, max_concurrency=max_concurrency)
    service = SimulatedService(ModelTruth(**truth), units)
    return run_search(VirtualClient(service, client=client), limits)


def phases(run: SearchRun) -> list[str]:
    return [counts.plan.phase for counts in run.history]


def ramp_lanes(run: SearchRun) -> list[int]:
    return [counts.plan.lanes for counts in run.history if counts.plan.phase == "ramp"]


def answered_with(plan: StepPlan, accepted: int, throttled: int = 0, workers: int | None = None) -> StepCounts:
    """A step of which each worker saw the same in each second."""
    seconds = round(plan.longest_s)
    latency = LatencyHistogram()
    latency.add(0.2)
    worker = WorkerCounts(
        [accepted] * seconds,
        [throttled] * seconds,
        [],
        [accepted] * seconds,
        {},
        latency,
        plan.max_s,
        ready_s=-1.0,
        client_utilization=1.0,
    )
    return StepCounts(plan, [worker] * (plan.workers if workers is None else workers))


# --- the ramp


def test_concurrency_starts_at_four_and_doubles_to_the_maximum() -> None:
    never_throttles = measured(tps_per_iu=5000.0, burst_s=10.0)

    # At the maximum a second, longer step follows: what is told as a lower bound was carried for half a minute.
    assert ramp_lanes(never_throttles) == [4, 8, 16, 32, 64, 128, 256, 256]
    assert [counts.plan.workers for counts in never_throttles.history] == [1, 1, 2, 4, 8, 16, 32, 32]
    assert [counts.seconds for counts in never_throttles.history] == [3.0] * 7 + [30.0]


def test_concurrency_ends_at_a_maximum_that_is_no_power_of_two() -> None:
    assert ramp_lanes(measured(tps_per_iu=5000.0, max_concurrency=50)) == [4, 8, 16, 32, 50, 50]


def test_quick_mode_grows_by_four_and_confirms_nothing() -> None:
    run = measured(mode="quick", tps_per_iu=100.0)

    assert ramp_lanes(run)[:2] == [4, 16]
    assert "confirm" not in phases(run)
    assert run.measurement.clean_rate is None


@pytest.mark.parametrize(
    ("throttled", "long"),
    [
        pytest.param([0, 0, 9, 9], True, id="throttled to the end"),
        pytest.param([9, 0, 0, 0], False, id="only when all lanes started at once"),
        pytest.param([0, 0, 0, 1], False, id="by chance"),
        pytest.param([], False, id="never"),
    ],
)
def test_a_step_after_a_throttled_one_is_long_from_the_start(throttled: list[int], long: bool) -> None:
    limits = SearchLimits()
    first = next_move([], limits)
    assert isinstance(first, StepPlan)
    answered = answered_with(first, accepted=0).workers[0]
    worker = replace(answered, accepted=[40] * 4, throttled=throttled, seconds=4.0)

    second = next_move([StepCounts(first, [worker])], limits)

    assert isinstance(second, StepPlan)
    assert second.lanes == 2 * first.lanes
    assert second.base_s == (first.extended_s if long else first.base_s)


def test_at_the_maximum_a_throttled_step_is_repeated_once_and_long() -> None:
    limits = SearchLimits(start_concurrency=8, max_concurrency=8)
    first = next_move([], limits)
    assert isinstance(first, StepPlan)
    start_only = StepCounts(
        first, [replace(answered_with(first, accepted=0).workers[0], accepted=[40] * 4, throttled=[9])]
    )

    second = next_move([start_only], limits)
    assert isinstance(second, StepPlan)
    third = next_move([start_only, replace(start_only, plan=second)], limits)
    assert isinstance(third, StepPlan)
    held = answered_with(third, accepted=40)
    last = next_move([start_only, replace(start_only, plan=second), held], limits)

    assert (second.lanes, second.base_s) == (8, first.extended_s)
    assert (third.lanes, third.base_s) == (8, 30.0)
    assert isinstance(last, Measurement) and last.ending == "not-saturated"


@pytest.mark.parametrize(
    ("accepted", "saturated"),
    [pytest.param(10, True, id="enough throttled without the others"), pytest.param(90, False, id="hardly throttled")],
)
def test_workers_that_went_on_may_saturate_the_model_without_the_others(accepted: int, saturated: bool) -> None:
    limits = SearchLimits(start_concurrency=16)
    first = next_move([], limits)
    assert isinstance(first, StepPlan)
    went_on, ended = answered_with(first, accepted, throttled=10).workers
    ended = replace(ended, accepted=[200] * 3, throttled=[5] * 3, seconds=3.0)

    second = next_move([StepCounts(first, [went_on, ended])], limits)

    assert isinstance(second, StepPlan)
    assert second.phase == ("confirm" if saturated else "ramp")
    if saturated:  # what the others got is not counted
        assert second.paced_tps == pytest.approx(0.95 * accepted)


# --- the roads through the search


@pytest.mark.parametrize(
    ("tps", "truth"),
    [
        (5.0, {}),
        (20.0, {"burst_s": 10.0}),
        (8.0, {"limiter": "fixed_window"}),
        (50.0, {"limiter": "sliding_window"}),
        (100.0, {"latency_mean_s": 1.0}),
        (200.0, {"limiter": "executor_pool", "executors": 60, "queue_length": 60, "latency_cv": 0.3}),
    ],
)
def test_a_limiter_is_saturated_measured_and_confirmed(tps: float, truth: dict[str, Any]) -> None:
    run = measured(tps_per_iu=tps, **truth)
    found = run.measurement

    assert (found.ending, found.is_confirmed, found.is_windowed) == ("saturated", True, False)
    assert found.max_tps is not None and found.max_tps.estimate == pytest.approx(tps, rel=0.02)
    assert found.clean_rate is not None and found.clean_rate.tps == pytest.approx(0.95 * tps, rel=0.02)
    assert found.clean_rate.throttled == 0
    assert judge(found).word == "ok"
    assert phases(run)[-2:] == ["confirm", "look"]
    assert found.looks == 2


def test_a_model_that_queues_without_end_is_latency_bound() -> None:
    run = measured(tps_per_iu=20.0, limiter="unbounded_queue", executors=5)
    found = run.measurement

    assert found.ending == "latency-bound"
    assert found.max_tps is not None and found.max_tps.estimate == pytest.approx(20, rel=0.05)
    assert found.clean_rate is not None and found.clean_rate.tps == pytest.approx(18, rel=0.05)
    # At the clean rate requests wait little: the confirmation must not queue up a backlog first.
    assert (found.clean_rate.latency.quantile_ms(0.5) or 0) < 500
    assert phases(run)[-2:] == ["latency", "confirm"]


def test_a_model_faster_than_the_concurrency_allows_gives_a_lower_bound() -> None:
    found = measured(tps_per_iu=500.0, max_concurrency=16).measurement

    assert found.ending == "not-saturated"
    assert found.max_tps is not None and found.max_tps.high is None
    assert found.max_tps.estimate == pytest.approx(16 / 0.18, rel=0.1)


def test_a_quota_in_windows_of_seconds_is_counted_from_refill_to_refill() -> None:
    run = measured(tps_per_iu=12.0, limiter="fixed_window", window_s=10.0)
    found = run.measurement

    assert found.is_windowed and found.is_confirmed
    assert found.max_tps is not None and found.max_tps.estimate == pytest.approx(12, rel=0.02)
    assert "window" in phases(run)


def test_a_quota_window_longer_than_the_test_gives_no_rate() -> None:
    found = measured(tps_per_iu=5.0, limiter="fixed_window", window_s=600.0, seed=3).measurement

    assert found.ending == "not-saturated" or (found.is_windowed and found.max_tps is None)


def test_an_account_limit_is_told_from_the_models() -> None:
    found = measured(tps_per_iu=80.0, account_tps=50.0).measurement

    assert found.ending == "account-throttled"
    assert found.max_tps is not None and found.max_tps.high is None


def test_a_model_that_fails_often_is_unstable() -> None:
    assert measured(tps_per_iu=20.0, random_500_share=0.3).measurement.ending == "unstable"


@pytest.mark.parametrize(
    ("truth", "max_concurrency"),
    [({"tps_per_iu": 20.0, "burst_s": 10.0}, 8), ({"tps_per_iu": 150.0, "burst_s": 5.0, "latency_mean_s": 1.0}, 256)],
)
def test_burst_credit_does_not_pass_for_a_lower_bound(truth: dict[str, Any], max_concurrency: int) -> None:
    found = measured(max_concurrency=max_concurrency, **truth).measurement.max_tps

    assert found is not None
    assert found.low <= truth["tps_per_iu"] * 1.01


def test_what_an_account_lets_through_is_told_without_its_burst() -> None:
    found = measured(tps_per_iu=500.0, burst_s=1.0, account_tps=20.0).measurement

    assert found.ending == "account-throttled"
    assert found.max_tps is not None and found.max_tps.estimate == pytest.approx(20, rel=0.05)


def test_a_few_other_errors_do_not_end_the_search() -> None:
    found = measured(tps_per_iu=40.0, random_500_share=0.005).measurement

    assert found.ending == "saturated"
    assert found.max_tps is not None and found.max_tps.estimate == pytest.approx(40, rel=0.02)


def test_a_client_that_cannot_keep_its_lanes_busy_says_so() -> None:
    busy = measured(tps_per_iu=5000.0, max_concurrency=4).history[0]
    idle = StepCounts(busy.plan, [replace(worker, client_utilization=0.5) for worker in busy.workers])
    held = StepCounts(busy.plan, [replace(worker, seconds=30.0) for worker in idle.workers])

    found = next_move([idle, held], SearchLimits())

    assert isinstance(found, Measurement)
    assert found.ending == "client-limited"


def test_a_model_without_a_queue_throttles_below_its_maximum() -> None:
    found = measured(tps_per_iu=12.0, limiter="concurrency_limit", executors=4, latency_cv=0.3).measurement

    assert not found.is_confirmed
    assert judge(found).word == "throttles-below-max"
    assert found.max_tps is not None and found.max_tps.estimate == pytest.approx(12, rel=0.12)
    assert found.clean_rate is None or found.max_tps.low <= found.clean_rate.tps < 0.95 * 12
    assert found.max_tps.low < 0.8 * 12


def test_precise_mode_adds_seconds_until_the_interval_is_narrow() -> None:
    noisy: dict[str, Any] = {"limiter": "executor_pool", "executors": 12, "queue_length": 6, "latency_cv": 0.5}

    standard, precise = (measured(mode=mode, tps_per_iu=30.0, **noisy) for mode in ("standard", "precise"))

    assert "precise" in phases(precise) and "precise" not in phases(standard)
    assert len(precise.measurement.saturated_counts) > len(standard.measurement.saturated_counts)
    assert len(precise.measurement.saturated_counts) <= 50


def test_a_worker_that_comes_three_seconds_late_does_not_change_the_answer() -> None:
    late = Client(late_workers_s=[-0.5, 3.0])

    found = measured(tps_per_iu=50.0, client=late).measurement

    assert found.max_tps is not None and found.max_tps.estimate == pytest.approx(50, rel=0.02)


# --- what goes wrong


def test_requests_without_an_answer_raise_the_upper_end() -> None:
    found = measured(tps_per_iu=20.0, reset_share=0.04).measurement.max_tps

    assert found is not None and found.high is not None
    assert found.high - found.estimate > 2 * (found.estimate - found.low)
    assert found.low <= 20 <= found.high


def test_a_rate_beside_account_throttles_is_not_called_clean() -> None:
    found = measured(tps_per_iu=500.0, burst_s=1.0, account_tps=20.0).measurement

    assert found.ending == "account-throttled"
    assert found.clean_rate is None


def test_lost_workers_cost_one_repeat_and_then_the_run() -> None:
    first = next_move([], SearchLimits(start_concurrency=32))
    assert isinstance(first, StepPlan) and first.workers == 4
    half_lost = answered_with(first, accepted=5, workers=2)

    assert next_move([half_lost], SearchLimits(start_concurrency=32)) == first
    with pytest.raises(InternalError, match="2 of 4 workers"):
        next_move([half_lost, half_lost], SearchLimits(start_concurrency=32))


def test_a_step_of_which_no_worker_reported_is_repeated_too() -> None:
    first = next_move([], SearchLimits())
    assert isinstance(first, StepPlan)
    nobody = answered_with(first, accepted=5, workers=0)

    assert next_move([nobody], SearchLimits()) == first
    with pytest.raises(InternalError, match="1 of 1 workers"):
        next_move([nobody, nobody], SearchLimits())


def test_a_step_that_its_workers_came_too_late_for_is_repeated() -> None:
    first = next_move([], SearchLimits())
    assert isinstance(first, StepPlan)
    in_time = answered_with(first, accepted=5)
    late = StepCounts(first, [replace(in_time.workers[0], accepted=[0, 0, 0, 5], ready_s=2.4)])

    assert next_move([late], SearchLimits()) == first
    assert next_move([late, in_time], SearchLimits()) == next_move([in_time], SearchLimits())


def test_workers_that_miss_a_step_twice_end_the_run() -> None:
    first = next_move([], SearchLimits())
    assert isinstance(first, StepPlan)
    missed = StepCounts(first, [replace(answered_with(first, accepted=0).workers[0], ready_s=6.2)])

    with pytest.raises(InternalError, match="ready 7 s after its start, twice"):
        next_move([missed, missed], SearchLimits())


def test_a_model_that_answers_nothing_is_lost() -> None:
    first = next_move([], SearchLimits())
    assert isinstance(first, StepPlan)
    gone = replace(answered_with(first, accepted=0).workers[0], failed=[4], failures={"ResourceNotReadyException": 4})

    with pytest.raises(ModelLost, match="ResourceNotReadyException x 4"):
        next_move([StepCounts(first, [gone])], SearchLimits())


def test_a_confirmation_in_which_nothing_was_answered_confirms_nothing() -> None:
    run = measured(tps_per_iu=20.0)
    *before, confirmation, _ = run.history
    silent = [replace(each, accepted=[9], throttled=[], failed=[]) for each in confirmation.workers]

    found = next_move([*before, StepCounts(confirmation.plan, silent)], SearchLimits())

    assert isinstance(found, Measurement)
    assert found.clean_rate is None and not found.is_confirmed


def test_a_queue_that_gave_no_answer_is_not_confirmed() -> None:
    run = measured(tps_per_iu=20.0, limiter="unbounded_queue", executors=5)
    *before, latency_step, _ = run.history
    stuck = [replace(each, completed=[], accepted=[1]) for each in latency_step.workers]

    found = next_move([*before, StepCounts(latency_step.plan, stuck)], SearchLimits())

    assert isinstance(found, Measurement)
    assert found.clean_rate is None and found.max_tps is not None and found.max_tps.estimate == 0


# --- for all services and all counts


seconds = st.lists(st.integers(0, 120), max_size=45)


@st.composite
def any_counts(draw: st.DrawFn, plan: StepPlan) -> StepCounts:
    """Whatever workers may report of a step, so long as the model answered at all."""

    def worker(index: int) -> WorkerCounts:
        latency = LatencyHistogram()
        for value in draw(st.lists(st.floats(0.01, 10), max_size=3)):
            latency.add(value)
        name = draw(st.sampled_from(["InternalServerError", "ThrottlingException", "ReadTimeoutError"]))
        failed = draw(seconds)
        return WorkerCounts(
            accepted=[1, *draw(seconds)],
            throttled=draw(seconds),
            failed=failed,
            completed=draw(seconds),
            failures={name: sum(failed)},
            latency=latency,
            seconds=draw(st.sampled_from([plan.base_s, plan.extended_s, plan.max_s, 0.3])),
            ready_s=draw(st.floats(-5, 5)),
            client_utilization=draw(st.sampled_from([0.5, 1.0])) if index == 0 else 1.0,
            late=draw(st.integers(0, 50)),
        )

    reporting = min(plan.workers, draw(st.integers(1, 2)))
    few = [worker(index) for index in range(reporting)]
    return StepCounts(plan, [few[index % reporting] for index in range(plan.workers)])


@settings(max_examples=150, deadline=None)
@given(
    st.data(),
    st.sampled_from(["quick", "standard", "precise"]),
    st.integers(1, 64),
    st.integers(64, 256),
    st.integers(1, 16),
)
def test_the_search_ends_within_its_limits_whatever_the_steps_return(
    data: st.DataObject, mode: Mode, start: int, most: int, per_worker: int
) -> None:
    limits = SearchLimits(mode, start, most, per_worker)
    history: list[StepCounts] = []

    while isinstance(move := next_move(history, limits), StepPlan):
        assert 1 <= move.lanes <= most
        assert all(move.lanes_of(worker) <= per_worker for worker in range(move.workers))
        assert 0 < move.base_s <= move.extended_s <= move.max_s
        assert move.longest_s <= 60 and move.wait_s <= 40
        history.append(data.draw(any_counts(move)))
        assert len(history) <= MAX_STEPS

    found = move.max_tps
    assert found is None or found.low <= found.estimate
    assert found is None or found.high is None or found.estimate <= found.high
    assert judge(move, quick=mode == "quick").detail


@settings(max_examples=25, deadline=None)
@given(st.floats(1, 150), st.floats(0.5, 20), st.floats(0.05, 0.8), st.integers(0, 999))
def test_a_token_bucket_is_measured_to_two_percent_or_a_count_whatever_its_credit(
    tps: float, burst_s: float, latency_s: float, seed: int
) -> None:
    run = measured(tps_per_iu=tps, burst_s=burst_s, latency_mean_s=latency_s, seed=seed)
    found = run.measurement

    assert found.ending in ("saturated", "not-saturated")
    if found.ending == "saturated":
        assert found.max_tps is not None and found.max_tps.high is not None
        assert found.max_tps.estimate == pytest.approx(tps, rel=0.02, abs=0.15)
        assert found.max_tps.low <= tps <= found.max_tps.high


def test_the_same_service_gives_the_same_search() -> None:
    first, second = (measured(tps_per_iu=17.0, latency_cv=0.5, seed=8) for _ in range(2))

    assert first.measurement == second.measurement
    assert [counts.accepted for counts in first.history] == [counts.accepted for counts in second.history]


def test_replaying_a_history_gives_the_plans_that_were_run() -> None:
    run = measured(tps_per_iu=17.0)
    limits = SearchLimits()

    replayed = [next_move(run.history[:steps], limits) for steps in range(len(run.history))]

    assert replayed == [counts.plan for counts in run.history]
    assert next_move(run.history, limits) == run.measurement
