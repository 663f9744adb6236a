"""The start-stop plan of a batch and of a week, with every number by hand."""

from __future__ import annotations

from typing import Any

import pytest

from iu_tuner.contract.output.json_values import to_json
from iu_tuner.contract.output.recommendation import PlanOutput
from lambdas.planning.demand import BatchDemand
from lambdas.planning.recommendation import BatchPlan
from lambdas.planning.weekly_schedule import OnPeriod, WeekPlan
from lambdas.planning.weekly_schedule_output import LONGER_THAN_A_WEEK, batch_row, week_row

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/bees.1/1615476219000"
USD_PER_UNIT_HOUR = 4.0


def batch(hours: float, units: int = 1, start_up_s: int = 1200, price: float = USD_PER_UNIT_HOUR) -> PlanOutput:
    wanted = BatchDemand(54000, hours)
    return batch_row(BatchPlan(units, hours, 0.0), wanted, ARN, price, start_up_s)


def week(*blocks: OnPeriod, start_up_s: int = 1200) -> PlanOutput:
    return week_row(WeekPlan(blocks, start_up_s, 500.126, 0), ARN, {}, 2000.126, 1000)


def values(plan: PlanOutput) -> dict[str, Any]:
    found: dict[str, Any] = to_json(plan)
    return found


def expressions(plan: PlanOutput) -> list[str]:
    return [entry.expression for entry in plan.scheduler]


def test_a_batch_of_an_hour_is_repeated_each_day() -> None:
    """An hour and a tenth, in steps of five minutes, is 70 minutes; of the start's 20.5 minutes a schedule has 21."""
    plan = batch(1, units=3, start_up_s=1230)

    assert plan.sentence == (
        "On for 1.17 h, a start of 21 minutes before them, each batch costs $18.20: $554 a month with one each day,"
        " $8,760 if the model is never stopped."
    )
    assert expressions(plan) == ["cron(39 23 * * ? *)", "cron(10 1 * * ? *)"]
    found = values(plan)
    assert found["hours"] == [{"from": "daily 00:00", "hours": 1.17, "minInferenceUnits": 3, "maxInferenceUnits": 3}]
    assert (found["hoursOnPerWeek"], found["usdPerBatch"]) == (8.17, 18.2)
    assert (found["usdPerMonth"], found["alwaysOnUsdPerMonth"], found["savedUsdPerMonth"]) == (553.58, 8760.0, 8206.42)
    assert (found["assumptions"]["startUpMinutes"], found["assumptions"]["marginShare"]) == (21, 0.1)
    assert plan.measure_again is not None
    assert plan.measure_again.expression == "cron(25 1 ? * MON *)"
    assert plan.measure_again.input == {
        "modelArn": ARN,
        "demand": {"images": 54000, "withinHours": 1},
        "limits": {"maxMinutes": 90},
    }


@pytest.mark.parametrize(("start_up_s", "start"), [(7200, "cron(0 22 * * ? *)"), (7201, "cron(59 21 * * ? *)")])
def test_a_batch_starts_early_by_the_whole_start_up(start_up_s: int, start: str) -> None:
    assert expressions(batch(1, start_up_s=start_up_s))[0] == start


def test_a_batch_of_more_than_a_day_is_repeated_each_week() -> None:
    plan = batch(30)

    assert expressions(plan) == ["cron(40 23 ? * SUN *)", "cron(0 9 ? * TUE *)"]
    found = values(plan)
    assert (found["hours"][0]["from"], found["hoursOnPerWeek"]) == ("MON 00:00", 33.0)
    assert (found["usdPerBatch"], found["usdPerMonth"]) == (133.33, 579.37)
    assert plan.measure_again is not None and plan.measure_again.expression == "cron(15 9 ? * TUE *)"


def test_costs_are_in_cents() -> None:
    plan = batch(1, price=4.00321)

    assert (plan.usd_per_batch, plan.usd_per_month) == (6.0, 182.65)
    assert (plan.always_on_usd_per_month, plan.saved_usd_per_month) == (2922.34, 2739.7)
    plan = week(OnPeriod(8, 10, 1, 1))
    assert (plan.usd_per_month, plan.always_on_usd_per_month, plan.saved_usd_per_month) == (500.13, 2000.13, 1500.0)


@pytest.mark.parametrize("plan", [batch(1), week(OnPeriod(8, 10, 1, 1))])
def test_the_time_of_a_start_is_paid(plan: PlanOutput) -> None:
    assert plan.assumptions is not None and plan.assumptions.start_up_is_paid


def test_hours_on_have_the_days_on_which_they_begin_and_end() -> None:
    plan = week(OnPeriod(24, 23, 1, 1), OnPeriod(166, 4, 1, 1))

    assert [(each.from_, each.to) for each in plan.hours] == [("TUE 00:00", "TUE 23:00"), ("SUN 22:00", "MON 02:00")]


@pytest.mark.parametrize(
    ("hours_on", "start_up_s", "longest"), [(167, 1200, 25), (167, 1500, 20), (167, 1501, None), (166, 1200, 85)]
)
def test_a_week_is_measured_again_in_its_longest_stop(hours_on: int, start_up_s: int, longest: int | None) -> None:
    again = week(OnPeriod(8, hours_on, 1, 1), start_up_s=start_up_s).measure_again

    assert (again.input["limits"]["maxMinutes"] if again and again.input else None) == longest


@pytest.mark.parametrize(("hours", "every"), [(21.28, "daily 00:00"), (21.29, "MON 00:00")])
def test_a_day_has_room_for_the_batch_the_start_and_the_stop(hours: float, every: str) -> None:
    """1,405 minutes with the margin, 20 for the start, 15 for the stop."""
    assert batch(hours).hours[0].from_ == every


def test_what_takes_longer_than_a_week_has_no_schedule() -> None:
    """10,045 minutes with the margin, 20 for the start and 15 for the stop are a week."""
    assert batch(152.15).scheduler
    assert batch(152.2) == PlanOutput(sentence=f"{LONGER_THAN_A_WEEK}.", hours=(), scheduler=(), measure_again=None)


@pytest.mark.parametrize(
    ("hours", "start_up_s", "longest"),
    [(20.6, 1200, 25), (20.6, 1230, 23), (20.65, 1200, 20), (20.65, 1201, None), (20.7, 1200, None)],
)
def test_a_measurement_has_at_least_20_minutes_while_the_model_is_off(
    hours: float, start_up_s: int, longest: int | None
) -> None:
    again = batch(hours, start_up_s=start_up_s).measure_again

    assert (again.input["limits"]["maxMinutes"] if again and again.input else None) == longest


def test_a_week_says_what_it_costs_and_what_it_would_have_lost() -> None:
    plan = week_row(WeekPlan((OnPeriod(8, 10, 2, 3),), 1230, 500.126, 7), ARN, {"averageTps": 6}, 2000.0, 1000)

    assert plan.sentence == (
        "On for 10 of the week's 168 hours the model costs $500 a month; $2,000 if it is never stopped."
        " In the past 7 of 1,000 requests came while it would have been stopped and would have failed."
    )
    found = values(plan)
    assert found["hours"] == [{"from": "MON 08:00", "to": "MON 18:00", "minInferenceUnits": 2, "maxInferenceUnits": 3}]
    assert (found["usdPerMonth"], found["savedUsdPerMonth"], found["requestsOutside"]) == (500.13, 1499.87, 7)
    assert found["assumptions"]["startUpMinutes"] == 20.5
    assert plan.measure_again is not None
    assert plan.measure_again.expression == "cron(15 18 ? * MON *)"
    assert plan.measure_again.input["demand"] == {"averageTps": 6}


def test_a_week_that_would_have_lost_nothing_says_so() -> None:
    plan = week_row(WeekPlan((OnPeriod(8, 10, 2, 3),), 1200, 500.0, 0), ARN, {}, 2000.0, 1000)

    assert plan.sentence.endswith("In the past no request came while it would have been stopped.")
