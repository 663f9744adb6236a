"""What the output says of a demand from the past, and of a batch."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from infra.settings.schedule_expression import is_schedule_expression
from infra.settings.settings import Settings
from iu_tuner.contract.execution_input import parse_input
from iu_tuner.contract.output.json_values import to_json
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.rates.interval import Interval
from lambdas.planning.demand import BatchDemand, PastDemand
from lambdas.planning.request_history import RequestHistory
from lambdas.tuning.output import findings
from tests.support import past_traffic
from tests.support.past_traffic import history
from tests.unit.planning.test_weekly_schedule import ARN
from tests.unit.tuning.test_output import RUN

MEASURED = Measurement("saturated", 8, Interval(10.0, 9.8, 10.2), is_confirmed=True)  # with 2 inference units
OFFICE = past_traffic.office_hours()


@cache
def recommendation(past: RequestHistory, found: Measurement = MEASURED, **demand: float) -> dict[str, Any]:
    wanted = replace(PastDemand(14, 99), **demand)  # type: ignore[arg-type]
    run = replace(RUN, model_arn=ARN, demand=wanted)
    advice: dict[str, Any] = to_json(findings(run, [], found, past).recommendation)
    return advice


def batch(images: int, within_hours: float) -> dict[str, Any]:
    run = replace(RUN, model_arn=ARN, demand=BatchDemand(images, within_hours))
    plan: dict[str, Any] = to_json(findings(run, [], MEASURED).recommendation.plan)
    return plan


def test_average_and_peak_of_the_past_are_told_with_their_percentile() -> None:
    demand = recommendation(OFFICE)["demand"]

    assert demand["source"] == "CloudWatch"
    assert (demand["days"], demand["periodSeconds"], demand["minutes"], demand["percentile"]) == (14, 60, 6000, 99)
    assert demand["averageTps"] == pytest.approx(8 * 12 / 10 / math.pi * 2 * math.cos(math.pi / 12), abs=0.01)
    assert demand["peakTps"] == demand["distribution"]["p99"] == 8
    assert list(demand["distribution"].values()) == sorted(demand["distribution"].values())
    assert (demand["from"], demand["to"]) == ("2026-11-16T00:00:00Z", "2026-11-30T00:00:00Z")


def test_the_busiest_hours_come_first() -> None:
    busiest = recommendation(OFFICE)["demand"]["busiestHours"]

    assert [(hour["day"], hour["hourUtc"]) for hour in busiest] == [
        (day, 13) for day in ("MON", "TUE", "WED", "THU", "FRI")
    ]
    assert busiest[0]["requests"] == max(hour["requests"] for hour in busiest)


def test_the_week_s_profile_has_168_hours_and_no_rate_where_the_model_did_not_run() -> None:
    profile = recommendation(OFFICE)["demand"]["hourOfWeek"]

    assert {name: len(hours) for name, hours in profile.items()} == {"averageTps": 168, "peakTps": 168}
    assert profile["averageTps"][7] is None
    assert profile["averageTps"][8] <= profile["peakTps"][8]


def test_units_follow_from_average_and_peak_and_the_reasons_say_so() -> None:
    advice = recommendation(past_traffic.spikes())

    assert (advice["minInferenceUnits"], advice["maxInferenceUnits"]) == (1, 4)
    assert (
        "Demand: 1,592,640 requests of this model in the last 14 days, over 20,160 minutes that it was in service;"
        " the peak is the rate that 99 % of them did not exceed"
    ) in advice["reasons"]
    assert "Rates are means over 60 s; spikes within these are not seen, and take demand.headroom" in advice["reasons"]


def test_a_lower_percentile_saves_units_and_tells_what_it_does_not_carry() -> None:
    advice = recommendation(past_traffic.spikes(), percentile=95)

    assert advice["maxInferenceUnits"] == 1
    assert advice["carried"] == {"inferenceUnits": 1, "minutesShare": 0.9833, "requestsShare": 0.8101}
    assert (
        "1 inference unit would have carried 98.33 % of the past minutes and 81.01 % of their requests"
        in advice["reasons"]
    )


def test_headroom_is_added_to_the_past() -> None:
    assert recommendation(OFFICE, headroom=1.0)["maxInferenceUnits"] == 4


def test_the_peak_is_never_below_the_average() -> None:
    """A median of 1 TPS, and one minute in four that makes the mean 5.75."""
    past = history([60, 60, 60, 1200] * 360)

    demand = recommendation(past, percentile=50)["demand"]

    assert demand["distribution"]["p50"] == 1
    assert demand["averageTps"] == demand["peakTps"] == 5.75


def test_auto_scaling_is_told_with_its_assumptions_beside_both_ends() -> None:
    advice = recommendation(past_traffic.spikes())
    scaling = advice["autoScaling"]

    assert scaling["assumptions"]["scaleUpMinutes"] == 5
    assert scaling["assumptions"]["scaleDownMinutes"] == 15
    assert scaling["assumptions"]["note"].startswith("AWS does not document when Rekognition scales")
    assert (scaling["alwaysMin"]["usdPerMonth"], scaling["alwaysMax"]["usdPerMonth"]) == (2920, 11680)
    assert (scaling["throttledShare"], scaling["usdPerMonth"]) == (0.1899, 2920)
    assert scaling["alwaysMax"]["throttledShare"] == 0
    assert (
        "Auto-scaling between 1 and 4 would have throttled 18.99 % of the requests with 1 unit on average, if it takes"
        " 5 minutes up and 15 down (assumed, AWS does not say): $2,920 a month, $11,680 with 4 all the time"
    ) in advice["reasons"]


def test_office_hours_get_a_plan_that_can_be_pasted() -> None:
    plan = recommendation(OFFICE)["plan"]

    assert plan["sentence"] == (
        "On for 50 of the week's 168 hours the model costs $1,796 a month; $5,840 if it is never stopped."
        " In the past no request came while it would have been stopped."
    )
    assert plan["hours"][0] == {"from": "MON 08:00", "to": "MON 18:00", "minInferenceUnits": 2, "maxInferenceUnits": 2}
    assert plan["savedUsdPerMonth"] == pytest.approx(plan["alwaysOnUsdPerMonth"] - plan["usdPerMonth"], abs=0.01)
    assert [entry["expression"] for entry in plan["scheduler"]] == [
        "cron(40 7 ? * MON-FRI *)",
        "cron(0 18 ? * MON-FRI *)",
    ]


def test_measuring_again_is_an_entry_that_the_stack_takes_while_the_model_is_off() -> None:
    again = recommendation(OFFICE)["plan"]["measureAgain"]

    (schedule,) = Settings.from_context({"schedules": [again]}).schedules
    assert schedule.expression == "cron(15 18 ? * FRI *)"
    assert parse_input(again["input"]).limits.max_minutes == 90
    assert again["input"]["demand"] == {"fromCloudWatchDays": 14, "percentile": 99, "headroom": 0}


def test_requests_lost_to_a_plan_are_told() -> None:
    counts = list(OFFICE.counts)
    counts[3 * 60] = 7

    plan = recommendation(history(counts))["plan"]

    assert plan["requestsOutside"] == 7
    assert plan["sentence"].endswith("requests came while it would have been stopped and would have failed.")


@pytest.mark.parametrize(
    ("past", "said"),
    [
        (past_traffic.steady(3), "No start-stop plan: that takes requests from every hour of a week"),
        (past_traffic.steady(14), "No start-stop plan: the model is never idle for longer than a start takes."),
        (past_traffic.ONE_MINUTE, "seven days of history at least."),
    ],
)
def test_without_a_plan_it_says_why(past: RequestHistory, said: str) -> None:
    plan = recommendation(past)["plan"]

    assert said in plan["sentence"]
    assert (plan["scheduler"], plan["measureAgain"]) == ([], None)


def test_without_requests_the_table_is_the_answer_and_it_says_so() -> None:
    advice = recommendation(past_traffic.EMPTY)

    assert (advice["minInferenceUnits"], advice["maxInferenceUnits"]) == (None, None)
    assert advice["reasons"] == [
        "No demand: CloudWatch knows of no requests to this model in the last 14 days: read the table, or give"
        " demand.averageTps and demand.peakTps"
    ]
    assert len(advice["table"]) == 5
    assert advice["demand"]["averageTps"] is None
    assert "carried" not in advice


def test_without_a_rate_the_past_is_told_and_nothing_follows() -> None:
    advice = recommendation(OFFICE, Measurement("saturated", 8, None, is_windowed=True))

    assert advice["demand"]["averageTps"] > 5
    assert advice["minInferenceUnits"] is None
    assert not {"carried", "autoScaling", "plan"} & set(advice)


def test_where_the_account_is_the_limit_the_past_is_told_and_no_units_follow() -> None:
    advice = recommendation(OFFICE, Measurement("account-throttled", 8, Interval.lower_bound(10.0)))

    assert advice["demand"]["averageTps"] > 5
    assert advice["minInferenceUnits"] is None
    assert not {"carried", "autoScaling", "plan"} & set(advice)


def test_requests_of_the_whole_account_are_told_as_such() -> None:
    reasons = "; ".join(recommendation(replace(OFFICE, of_model=False))["reasons"])

    assert "of the whole account and Region (CloudWatch does not tell which model was asked)" in reasons


def test_where_nothing_is_known_of_the_units_the_minutes_are_those_with_requests() -> None:
    reasons = "; ".join(recommendation(replace(OFFICE, in_service_known=False))["reasons"])

    assert "minutes with requests, or less than an hour from some" in reasons


@pytest.mark.parametrize(("past", "told"), [(past_traffic.steady(1), False), (past_traffic.spikes(1), True)])
def test_scaling_is_told_only_where_there_is_room_for_it(past: RequestHistory, told: bool) -> None:
    assert ("Auto-scaling between" in " ".join(recommendation(past)["reasons"])) is told


@pytest.mark.parametrize(
    ("of_model", "in_service_known", "whose"),
    [(True, False, "this model"), (False, True, "this model"), (False, False, "any model of this account and Region")],
)
def test_without_requests_it_says_whose_were_looked_for(of_model: bool, in_service_known: bool, whose: str) -> None:
    past = replace(past_traffic.EMPTY, of_model=of_model, in_service_known=in_service_known)

    assert f"CloudWatch knows of no requests to {whose} in" in recommendation(past)["reasons"][0]


@pytest.mark.parametrize(
    ("past", "said", "little"),
    [
        (history([300]), "Demand: 300 requests of this model in the last 1 day, over 1 minute that", True),
        (history([60] * 59), "over 59 minutes that", True),
        (history([60] * 60), "over 60 minutes that", False),
    ],
)
def test_a_demand_of_a_few_minutes_is_said_to_be_little(past: RequestHistory, said: str, little: bool) -> None:
    reasons = " ".join(recommendation(past, days=1)["reasons"])

    assert said in reasons
    assert ("little to plan for" in reasons) == little


def test_retries_are_a_caveat_where_requests_were_throttled() -> None:
    reasons = recommendation(replace(OFFICE, throttled=OFFICE.requests // 10))["reasons"]

    assert "10 % of these requests were throttled: where clients sent them again, the demand is less" in reasons
    assert not any("sent them again" in reason for reason in recommendation(OFFICE)["reasons"])


@pytest.mark.parametrize(("period_s", "said", "up"), [(300, "means over 300 s", 5), (3600, "means over 3600 s", 60)])
def test_coarse_periods_are_told_and_lag_no_less_than_one(period_s: int, said: str, up: float) -> None:
    advice = recommendation(history([9000, 100] * 1000, period_s=period_s))

    assert said in "; ".join(advice["reasons"])
    assert advice["autoScaling"]["assumptions"]["scaleUpMinutes"] == up


def test_all_of_it_is_small_json() -> None:
    counts = [minute * 7919 % 4001 if minute // 60 % 2 else 0 for minute in range(15 * 1440)]

    written = json.dumps(recommendation(history(counts, days=15)), allow_nan=False)

    assert len(written) < 60_000


def test_a_daily_batch_is_on_for_its_hours() -> None:
    """54,000 images at 5 TPS: one unit for three hours, a tenth more for safety, and a start of 20 minutes."""
    plan = batch(54_000, 3)

    assert plan["hours"] == [{"from": "daily 00:00", "hours": 3.33, "minInferenceUnits": 1, "maxInferenceUnits": 1}]
    assert plan["usdPerBatch"] == pytest.approx(4 * 220 / 60, abs=0.01)
    assert plan["usdPerMonth"] == pytest.approx(4 * 220 / 60 * 730 / 24, abs=0.01)
    assert plan["alwaysOnUsdPerMonth"] == 2920
    assert plan["sentence"].startswith("On for 3.33 h, a start of 20 minutes before them, each batch costs $14.67:")
    assert [entry["expression"] for entry in plan["scheduler"]] == ["cron(40 23 * * ? *)", "cron(20 3 * * ? *)"]
    assert (
        Settings.from_context({"schedules": [plan["measureAgain"]]}).schedules[0].expression == "cron(35 3 ? * MON *)"
    )


def test_a_batch_whose_rate_is_not_known_has_no_plan() -> None:
    run = replace(RUN, model_arn=ARN, demand=BatchDemand(54_000, 3))

    assert findings(run, [], Measurement("saturated", 8, None)).recommendation.plan is None


def test_a_batch_of_more_than_a_day_is_weekly() -> None:
    plan = batch(3_600_000, 100)

    assert plan["assumptions"]["every"] == "week"
    assert [entry["expression"] for entry in plan["scheduler"]] == ["cron(40 23 ? * SUN *)", "cron(0 14 ? * FRI *)"]
    assert plan["hours"][0]["hours"] == 110
    assert plan["usdPerMonth"] < plan["alwaysOnUsdPerMonth"]


def test_a_batch_of_more_than_a_week_has_no_schedule() -> None:
    plan = batch(18_000_000, 1000)

    assert plan["scheduler"] == []
    assert plan["sentence"].startswith("No schedule: the batch takes longer than a week")


@pytest.mark.parametrize("within_hours", [0.01, 1, 20.6, 21.0, 24, 40, 151.4, 152, 160, 8760])
def test_a_plan_for_a_batch_costs_no_more_than_always_on(within_hours: float) -> None:
    plan = batch(round(within_hours * 18_000), within_hours)

    assert plan.get("usdPerMonth", 0) <= plan.get("alwaysOnUsdPerMonth", 0)
    assert all(is_schedule_expression(entry["expression"]) for entry in plan["scheduler"])
    if plan["measureAgain"]:
        parse_input(plan["measureAgain"]["input"])
