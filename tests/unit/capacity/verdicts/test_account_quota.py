"""A quota of the account in front of the model: it is never taken for the model's capacity."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from iu_tuner.contract.choices import Mode
from iu_tuner.contract.output.json_values import to_json
from lambdas.capacity.measurement import Measurement, WorkerRefusal
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.verdicts.account_quota import TpsQuota, account_limit, bounded_by_quota, quota_warning
from lambdas.capacity.verdicts.verdict import judge
from lambdas.experiments.scaling import ScalingSkipped, next_move, scaling_of
from lambdas.load.measured_step import MeasuredStep
from lambdas.models.outcomes import RAMP_LIMIT
from lambdas.models.rekognition.facts import FACTS
from lambdas.runs.run import Run
from lambdas.tuning.output import findings
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.service import SimulatedService
from simulation.virtual_time import VirtualClient, run_search
from tests.unit.experiments.test_scaling import AT, MEASURED, VERIFYING, warm_up
from tests.unit.tuning.test_output import RUN

APPLIED = TpsQuota(50.0, "Service Quotas", is_applied=True)
LIKE_THE_MODEL: dict[str, Any] = {"account_error": "ProvisionedThroughputExceededException"}
SATURATED = Measurement("saturated", 16, Interval(50.0, 49.5, 50.5), is_confirmed=True, saturated_counts=(50,) * 12)


def measured(
    run: Run, truth: ModelTruth, units: int, *, series: Any = "main"
) -> tuple[Measurement, list[MeasuredStep]]:
    found = run_search(VirtualClient(SimulatedService(truth, units), seed=1), run.search_limits)
    counts = [replace(each, plan=replace(each.plan, series=series)) for each in found.history]
    return found.measurement, [MeasuredStep(number, 0.0, 3.0, each) for number, each in enumerate(counts)]


@pytest.mark.parametrize("mode", ["quick", "standard", "precise"])
def test_a_model_behind_the_accounts_quota_gets_no_number_of_units(mode: Mode) -> None:
    """The model carries 75 TPS, and the account lets 50 through, refused in the model's own words."""
    run = replace(RUN, mode=mode, inference_units=5, tps_quota=APPLIED)
    found, steps = measured(run, ModelTruth(tps_per_iu=15, account_tps=50, **LIKE_THE_MODEL), 5)
    assert judge(found, quick=mode == "quick").word == "ok"

    answer = to_json(findings(run, steps, found))

    assert (answer["verdict"], answer["limitedBy"]) == ("account-throttled", "account-quota")
    assert answer["maxTps"]["estimate"] == pytest.approx(50, rel=0.02)
    assert answer["maxTps"]["high"] is None
    assert (answer["recommendation"]["minInferenceUnits"], answer["recommendation"]["table"]) == (None, [])
    assert answer["accountQuotaTps"] == 50
    assert "(50 TPS; Service Quotas)" in answer["verdictDetail"]
    assert "raise the quota in Service Quotas, stop other running models" in answer["verdictDetail"]


@pytest.mark.parametrize(
    ("tps", "quota", "word"),
    [
        (47.0, APPLIED, "ok"),
        (47.6, APPLIED, "account-throttled"),
        (80.0, APPLIED, "account-throttled"),
        (96.0, replace(APPLIED, tps=100.0), "account-throttled"),
        (80.0, replace(APPLIED, tps=100.0), "ok"),
        (50.0, TpsQuota(), "account-throttled"),
        (53.0, TpsQuota(), "account-throttled"),  # its interval reaches down to what the quota may be
        (60.0, TpsQuota(), "ok"),
    ],
)
def test_a_rate_at_the_quota_is_the_accounts(tps: float, quota: TpsQuota, word: str) -> None:
    found = replace(SATURATED, max_tps=Interval(tps, tps - 1, tps + 1), saturated_counts=(round(tps),) * 12)

    assert judge(found, quota=quota).word == word


def test_a_rate_above_an_assumed_quota_shows_that_it_was_raised() -> None:
    detail = judge(replace(SATURATED, max_tps=Interval(60.0, 59.0, 61.0)), quota=TpsQuota()).detail

    assert "was raised, to a value that could not be read" in detail
    assert "assumed: the documented default" in judge(SATURATED, quota=TpsQuota()).detail


@pytest.mark.parametrize(("low", "is_surpassed"), [(52.5, False), (52.6, True)])
def test_a_rate_five_percent_above_the_default_surpasses_it(low: float, is_surpassed: bool) -> None:
    rate = Interval(60.0, low, 61.0)

    assert TpsQuota(50.0).is_surpassed(rate) is is_surpassed
    assert not APPLIED.is_surpassed(rate)
    assert not TpsQuota(50.0).is_surpassed(None)


@pytest.mark.parametrize("ending", ["latency-bound", "not-saturated"])
def test_a_rate_without_throttles_is_not_the_quotas_but_told_to_be_near_it(ending: Any) -> None:
    found = replace(SATURATED, ending=ending)

    verdict = judge(found, quota=APPLIED)
    assert (verdict.word, verdict.limited_by) == (ending, None)
    assert "carry no more than this behind the account's quota" in verdict.detail
    assert bounded_by_quota(found, APPLIED) == found


def test_a_sudden_increase_is_nothing_that_a_higher_quota_would_change() -> None:
    found = Measurement("account-throttled", 64, Interval.lower_bound(30.0))

    verdict = judge(found, failures={RAMP_LIMIT: 90, "ThrottlingException": 3}, quota=APPLIED)

    assert (verdict.word, verdict.limited_by) == ("account-throttled", "sudden-increase")
    assert "quota" not in verdict.detail.lower()
    assert "raise" not in verdict.detail
    assert "test.maxConcurrency below 64" in verdict.detail


@pytest.mark.parametrize(
    ("failures", "limit"),
    [
        ({RAMP_LIMIT: 1}, "sudden-increase"),
        ({RAMP_LIMIT: 5, "ThrottlingException": 5}, "account-limit"),
        ({"ThrottlingException": 5}, "account-limit"),
    ],
)
def test_most_refusals_name_the_limit(failures: dict[str, int], limit: str) -> None:
    assert account_limit(Measurement("account-throttled", 64, Interval.lower_bound(30.0)), APPLIED, failures) == limit


def test_the_quota_begins_the_sentence_about_it() -> None:
    found = Measurement("account-throttled", 64, Interval.lower_bound(50.0))

    detail = judge(found, failures={}, quota=APPLIED, service=FACTS).detail

    assert detail.startswith("The account's quota of DetectCustomLabels (50 TPS; Service Quotas) may be what refused")


def test_another_limit_of_the_account_names_the_quota_too() -> None:
    found = Measurement("account-throttled", 64, Interval.lower_bound(30.0))

    verdict = judge(found, failures={"ThrottlingException": 90}, quota=APPLIED, service=FACTS)

    assert verdict.limited_by == "account-limit"
    assert "DetectCustomLabels quota, which is 50 TPS" in verdict.detail
    assert "refused requests at 64 concurrent requests (ThrottlingException): 30.00 requests/s" in verdict.detail


def test_a_limit_that_no_error_names_is_told_without_one() -> None:
    verdict = judge(Measurement("account-throttled", 64, None), failures={}, quota=None, service=FACTS)

    assert verdict.limited_by == "account-limit"
    assert "refused requests at 64 concurrent requests: no rate" in verdict.detail
    assert "DetectCustomLabels quota, in Service Quotas" in verdict.detail


@pytest.mark.parametrize(
    ("estimate", "low", "applied", "limits"),
    [(47.5, 47.0, True, True), (47.49, 47.0, True, False), (90.0, 89.0, True, True), (90.0, 89.0, False, False)],
)
def test_a_quota_may_limit_a_rate_from_95_percent_of_it_on(
    estimate: float, low: float, applied: bool, limits: bool
) -> None:
    quota = TpsQuota(50.0, is_applied=applied)

    assert quota.may_limit(Interval(estimate, low, None)) is limits
    assert not quota.may_limit(None)


def test_a_second_measurement_that_runs_into_the_quota_says_so() -> None:
    """28 TPS with one unit would be 56 with two."""
    run = replace(VERIFYING, tps_quota=TpsQuota())
    truth = ModelTruth(tps_per_iu=28, account_tps=50, **LIKE_THE_MODEL)
    first, steps = measured(run, truth, 1)
    progress = MEASURED.restarting(2, probe_number=len(steps), now=AT)
    _, second = measured(run, truth, 2, series="scaling")

    scaling = scaling_of(run, progress, first, [*steps, warm_up(len(steps)), *second])

    assert (scaling.units, scaling.max_tps) == (None, None)
    assert "(account-throttled)" in scaling.detail
    assert "the account's quota" in scaling.detail.lower()


@pytest.mark.parametrize(("tps", "starts"), [(23.0, True), (24.0, False)])
def test_a_second_start_that_is_known_to_meet_the_quota_is_not_paid_for(tps: float, starts: bool) -> None:
    first = replace(SATURATED, max_tps=Interval(tps, tps - 0.1, tps + 0.1), saturated_counts=(round(tps),) * 12)

    move = next_move(replace(VERIFYING, tps_quota=APPLIED), MEASURED, first, [], AT)

    assert isinstance(move, ScalingSkipped) is not starts
    if isinstance(move, ScalingSkipped):
        assert "twice 24.00 TPS do not fit behind the account's quota" in move.why


@pytest.mark.parametrize(
    ("units", "tps", "said"),
    [
        (5, 15.0, "test with 3 or fewer"),
        (1, 60.0, "before you test"),
        (4, 12.0, "test with 3 or fewer"),
        (3, 15.0, None),
        (1, 47.5, "before you test"),
        (1, 47.4, None),
        (5, 9.5, "test with 4 or fewer"),
        (5, None, None),
    ],
)
def test_a_start_that_will_meet_the_quota_is_warned_of(units: int, tps: float | None, said: str | None) -> None:
    warning = quota_warning(units, tps, APPLIED, FACTS)

    assert warning is None if said is None else said in (warning or "")


@pytest.mark.parametrize(
    ("late_share", "refused", "limited_by"),
    [(0.2, WorkerRefusal(9, 5), "lambda-concurrency"), (0.2, None, None), (0.0, WorkerRefusal(9, 5), None)],
)
def test_lambdas_quota_is_the_limit_only_where_the_client_was(
    late_share: float, refused: WorkerRefusal | None, limited_by: str | None
) -> None:
    verdict = judge(replace(SATURATED, late_share=late_share, worker_refusal=refused))

    assert (verdict.word, verdict.limited_by) == ("client-limited" if late_share else "ok", limited_by)
    assert late_share == 0 or refused or "20.0 % of the evenly paced requests more than 50 ms late" in verdict.detail
