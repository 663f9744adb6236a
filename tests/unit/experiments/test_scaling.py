"""The second measurement: found in virtual time, judged against the truth, followed by the recommendation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iu_tuner.contract.output.json_values import to_json
from lambdas.capacity.measurement import Ending, Measurement
from lambdas.capacity.rates.interval import Interval
from lambdas.experiments.scaling import RestartWith, ScalingResult, ScalingSkipped, efficiency, next_move, scaling_of
from lambdas.load.counts import StepCounts
from lambdas.load.measured_step import MeasuredStep
from lambdas.load.step import StepPlan
from lambdas.models.recent_traffic import TrafficSeen
from lambdas.models.tariff import UnitsQuota
from lambdas.planning.demand import TrafficDemand
from lambdas.runs.progress import Progress
from lambdas.runs.run import Run
from lambdas.tuning.output import findings
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.service import SimulatedService
from simulation.virtual_time import VirtualClient, run_search
from tests.unit.tuning.test_output import RUN, as_kept

VERIFYING = replace(RUN, inference_units=1, demand=TrafficDemand(6, 15), scaling_quota=UnitsQuota())
STARTED = VERIFYING.started_epoch
# Asked for a start after a minute, which took eleven; it has been measured for three.
MEASURED = Progress(start_attempts=1, first_look_at=STARTED + 60, running_since=STARTED + 720, inference_units=1)
AT = STARTED + 900
FOUND = Measurement("saturated", 4, Interval(5.0, 4.9, 5.1), is_confirmed=True, saturated_counts=(5,) * 15)


def verified(run: Run = VERIFYING, **truth: Any) -> tuple[Measurement, list[MeasuredStep], ScalingResult]:
    """The whole run: the first search, the restart, the second search, and what comes of them."""
    model, units = ModelTruth(**truth), run.inference_units
    first = run_search(VirtualClient(SimulatedService(model, units), seed=1), run.search_limits)
    steps = [MeasuredStep(number, 0.0, 3.0, counts) for number, counts in enumerate(first.history)]
    restart = next_move(run, MEASURED, first.measurement, steps, AT)
    assert restart == RestartWith(2 * units)
    progress = MEASURED.restarting(2 * units, probe_number=len(steps), now=AT)
    steps.append(warm_up(len(steps)))
    client = VirtualClient(SimulatedService(model, 2 * units), seed=2)
    while isinstance(move := next_move(run, progress, first.measurement, steps, AT), StepPlan):
        steps.append(MeasuredStep(len(steps), 0.0, 3.0, client.run_step(move)))
    assert move is None
    return first.measurement, steps, scaling_of(run, progress, first.measurement, steps)


def warm_up(number: int) -> MeasuredStep:
    plan = StepPlan("probe", 4, 1, 0.0, 0.0, 0.0, series="scaling")
    return MeasuredStep(number, 0.0, 0.0, StepCounts(plan, []))


def answer(run: Run, first: Measurement, steps: list[MeasuredStep], scaling: ScalingResult) -> dict[str, Any]:
    told: dict[str, Any] = to_json(findings(run, steps, first, None, scaling))
    return told


@pytest.mark.parametrize("mode", ["quick", "standard", "precise"])
@pytest.mark.parametrize("limiter", ["token_bucket", "executor_pool", "unbounded_queue"])
@pytest.mark.parametrize("share", [1.0, 0.8])
def test_the_efficiency_is_within_its_interval(mode: Any, limiter: str, share: float) -> None:
    run = replace(VERIFYING, mode=mode)

    _, _, found = verified(run, tps_per_iu=8, limiter=limiter, latency_cv=0.15, unit_efficiency=share)

    assert found.efficiency is not None
    assert found.efficiency.high is not None
    assert found.efficiency.low <= share <= found.efficiency.high
    assert found.units == 2


def test_proportion_is_said_in_one_reason_and_changes_no_number() -> None:
    first, steps, scaling = verified(tps_per_iu=5)

    plain = to_json(findings(replace(VERIFYING, scaling_quota=None), steps, first))
    found = answer(VERIFYING, first, steps, scaling)

    advice = found["recommendation"]
    assert advice["table"] == plain["recommendation"]["table"]
    assert advice["reasons"][:-1] == plain["recommendation"]["reasons"]
    assert advice["reasons"][-1].startswith("Measured at 2 inference units: 10.0")
    assert "in proportion, within the intervals" in advice["reasons"][-1]
    assert {name: found[name] for name in ("maxTps", "verdict", "tpsPerInferenceUnit")} == {
        name: plain[name] for name in ("maxTps", "verdict", "tpsPerInferenceUnit")
    }
    assert "scaling" not in plain


def test_less_than_proportion_buys_more_units_and_says_why() -> None:
    first, steps, scaling = verified(tps_per_iu=5, unit_efficiency=0.8)

    found = answer(VERIFYING, first, steps, scaling)

    advice, told = found["recommendation"], found["scaling"]
    assert (advice["minInferenceUnits"], advice["maxInferenceUnits"]) == (2, 4)  # 6 and 15 TPS by 4 TPS each
    assert [row["tps"] for row in advice["table"]] == pytest.approx([5, 8, 12, 16, 20], rel=0.03)
    assert "15 TPS at 4.0" in advice["reasons"][1]
    assert "more than 1 are planned with 4.0" in advice["reasons"][-1]
    assert "beyond 2, that capacity grows in proportion" in told["detail"]
    assert told["tpsPerInferenceUnit"] == pytest.approx(4, rel=0.03)
    assert told["verdict"] == "ok"


def test_two_units_tested_are_verified_with_four() -> None:
    run = replace(VERIFYING, inference_units=2)

    first, steps, scaling = verified(run, tps_per_iu=5, unit_efficiency=0.8)

    rows = answer(run, first, steps, scaling)["recommendation"]["table"]
    assert scaling.units == 4
    assert [row["tps"] for row in rows] == pytest.approx([4, 8, 9.6, 12.8, 16], rel=0.03)


def test_the_second_search_starts_where_the_first_one_was_saturated() -> None:
    first, steps, _ = verified(tps_per_iu=60)

    again = [step.counts.plan for step in steps if step.counts.plan.series == "scaling"]
    assert first.concurrency > 4
    assert again[1].lanes == first.concurrency


def test_a_second_rate_without_an_upper_end_has_none_in_its_efficiency() -> None:
    run = replace(VERIFYING, max_concurrency=4, in_flight_per_worker=4)

    _, _, found = verified(run, tps_per_iu=15, latency_mean_s=0.18)

    assert found.verdict == "not-saturated"
    assert found.efficiency is not None
    assert found.efficiency.high is None
    assert found.reduced_rate is None
    assert "at least" in found.detail


def exactly(rate: float, share: float) -> Interval:
    return Interval(rate, rate * (1 - share), rate * (1 + share))


@given(st.floats(0.5, 50), st.floats(0.5, 50), st.floats(0, 0.2), st.floats(0, 0.2))
def test_the_errors_of_both_rates_widen_the_efficiency(
    one: float, more: float, off_one: float, off_more: float
) -> None:
    found = efficiency(exactly(one, off_one), exactly(more, off_more))

    assert found.estimate == pytest.approx(more / one)
    assert found.high is not None
    widest = (off_one**2 + off_more**2) ** 0.5
    assert (found.high - found.estimate) / found.estimate == pytest.approx(widest, abs=1e-9)
    assert (found.estimate - found.low) / found.estimate == pytest.approx(widest, abs=1e-9)


def lower_bound(ending: Ending) -> Measurement:
    return Measurement(ending, 8, Interval.lower_bound(9.0))


@pytest.mark.parametrize(
    ("run", "progress", "first", "why"),
    [
        ({}, {}, lower_bound("not-saturated"), "the first measurement (not-saturated) gave no rate"),
        ({}, {}, lower_bound("unstable"), "the first measurement (unstable) gave no rate"),
        ({}, {}, replace(FOUND, is_windowed=True), "the first measurement (windowed-quota) gave no rate"),
        ({}, {}, replace(FOUND, max_tps=None, is_windowed=True), "the first measurement (windowed-quota) gave no"),
        ({"auto_scales_to": 3}, {}, FOUND, "the model scales by itself up to 3"),
        ({"other_traffic": TrafficSeen(12, of_model=True)}, {}, FOUND, "the model serves others"),
        ({"inference_units": 3}, {}, FOUND, "one model may start with 5 inference units (the documented default)"),
        ({"max_minutes": 28}, {}, FOUND, "about 16.0 more for a restart and the measurement are beyond limits.maxM"),
        ({"max_minutes": 39}, {"start_attempts": 0}, FOUND, "about 25.0 more for a restart"),
        ({"max_usd": 0.8}, {}, FOUND, "the model would have cost about $0.87, beyond limits.maxCostUsd = 0.8"),
    ],
)
def test_what_stands_against_a_second_measurement_is_told(
    run: dict[str, Any], progress: dict[str, Any], first: Measurement, why: str
) -> None:
    verifying = replace(VERIFYING, **run)

    move = next_move(verifying, replace(MEASURED, **progress), first, [], AT)

    assert isinstance(move, ScalingSkipped)
    assert why in move.why
    told = to_json(scaling_of(verifying, replace(MEASURED, scaling_error=move.why), first, []).as_output())
    assert {told[name] for name in set(told) - {"detail"}} == {None}
    assert told["detail"].startswith("Not measured with more inference units: ")


def test_within_its_limits_it_is_made() -> None:
    just = replace(VERIFYING, max_minutes=32, max_usd=0.9)

    assert next_move(just, MEASURED, FOUND, [], AT) == RestartWith(2)


def test_a_run_that_was_not_asked_to_ends_with_the_first_measurement() -> None:
    assert next_move(replace(VERIFYING, scaling_quota=None), MEASURED, FOUND, [], AT) is None


def test_a_restart_whose_request_was_lost_is_asked_for_again() -> None:
    asked = MEASURED.restarting(2, probe_number=0, now=AT)

    assert next_move(VERIFYING, asked, FOUND, [], AT) == RestartWith(2)


def test_a_run_survives_its_table() -> None:
    assert as_kept(VERIFYING) == VERIFYING
