"""When to stop a model: what the week looked like, what it costs, and the entries that do it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from infra.settings.schedule_expression import is_schedule_expression
from iu_tuner.contract.output.json_values import to_json
from lambdas.capacity.rates.interval import Interval
from lambdas.planning.auto_scaling import HOURS_PER_MONTH, simulate_auto_scaling
from lambdas.planning.demand import PastDemand
from lambdas.planning.demand_output import traffic_of
from lambdas.planning.request_history import HOURS_OF_WEEK, RequestHistory
from lambdas.planning.scheduler_entries import start_stop_entries, weekly_expression
from lambdas.planning.sizing import units_for
from lambdas.planning.weekly_schedule import OnPeriod, WeekPlan, week_plan
from tests.support import past_traffic
from tests.support.past_traffic import history

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/bees.1/1615476219000"
PER_UNIT = Interval(5.0, 4.9, 5.1)
PAST = PastDemand(14, 99.0)
PRICE = 4.0


def units(past: RequestHistory) -> tuple[int, int]:
    wanted = traffic_of(PAST, past)
    assert wanted is not None
    return units_for(wanted.average_tps, PER_UNIT), units_for(wanted.peak_tps, PER_UNIT)


def planned(past: RequestHistory, start_up_s: int = 1200) -> WeekPlan | None:
    return week_plan(past, PAST, PER_UNIT, *units(past), PRICE, start_up_s)


def certain(past: RequestHistory, start_up_s: int = 1200) -> WeekPlan:
    plan = planned(past, start_up_s)
    assert plan is not None
    return plan


def always_usd(past: RequestHistory) -> float:
    return (
        simulate_auto_scaling(past.whole_weeks.counts, *units(past), PER_UNIT.estimate, past.period_s).mean_units
        * PRICE
        * HOURS_PER_MONTH
    )


def test_office_hours_are_five_blocks_of_ten_hours() -> None:
    plan = certain(past_traffic.office_hours())

    assert [(block.start_hour, block.hours) for block in plan.blocks] == [(24 * day + 8, 10) for day in range(5)]
    assert (plan.hours_on, plan.missed_requests) == (50, 0)
    assert {(block.min_units, block.max_units) for block in plan.blocks} == {(2, 2)}


def test_office_hours_cost_their_hours_and_the_starts() -> None:
    """Two units for 50 hours and five starts of a third of an hour, of 168 hours."""
    plan = certain(past_traffic.office_hours())

    assert plan.usd_per_month == pytest.approx(2 * (50 + 5 / 3) / 168 * PRICE * HOURS_PER_MONTH)


def test_headroom_counts_for_the_units_of_each_block() -> None:
    doubled = week_plan(past_traffic.office_hours(), PastDemand(14, 99.0, headroom=1.0), PER_UNIT, 9, 9, PRICE, 1200)

    assert doubled is not None
    assert {(block.min_units, block.max_units) for block in doubled.blocks} == {(3, 4)}


@pytest.mark.parametrize("past", [past_traffic.steady(14), past_traffic.spikes()])
def test_a_model_that_is_never_idle_is_never_stopped(past: RequestHistory) -> None:
    assert planned(past) is None


def test_a_night_over_midnight_is_one_block_and_what_came_once_is_covered_too() -> None:
    plan = certain(past_traffic.weeks_with_gaps())

    assert [(block.start_hour, block.hours) for block in plan.blocks] == [(46, 4), (125, 1)]
    assert plan.longest_stop == (126, 88)


def test_a_block_may_last_into_the_next_week() -> None:
    day = past_traffic.DAY
    past = history(past_traffic.minutes(14, lambda m: 60 if m % (7 * day) < 60 or m % (7 * day) >= 7 * day - 60 else 0))

    (block,) = certain(past).blocks

    assert (block.start_hour, block.hours) == (167, 2)
    assert [hour for hour in range(HOURS_OF_WEEK) if block.covers(hour)] == [0, 167]


def test_a_pause_shorter_than_the_start_is_no_stop() -> None:
    """Busy in all even hours: an hour's pause each."""
    past = history(past_traffic.minutes(7, lambda minute: 60 if minute // 60 % 2 == 0 else 0))

    assert len(certain(past, start_up_s=59 * 60).blocks) == 84
    assert planned(past, start_up_s=60 * 60) is None


def test_a_pause_at_the_end_of_the_week_that_is_too_short_is_none_either() -> None:
    """Busy on Tuesday from 0:00 to 3:00, on Sunday from 22:00 to 23:00, and on Monday from 0:00 to 1:00."""
    busy = {0, 24, 25, 26, 166}
    past = history([3600 if hour in busy else 0 for hour in range(168)] * 2, period_s=3600)

    assert [(block.start_hour, block.hours) for block in certain(past, 1200).blocks] == [(0, 1), (24, 3), (166, 1)]
    assert [(block.start_hour, block.hours) for block in certain(past, 3600).blocks] == [(24, 3), (166, 3)]


@pytest.mark.parametrize("hours", [8, 24 + 8, 5 * 24, 6 * 24 + 10])
def test_a_month_costs_the_same_on_whatever_day_it_is_asked_for(hours: int) -> None:
    """Two weeks that begin with the first request, on Monday at 8:00, and the hours after them."""
    counts = (past_traffic.office_hours().counts * 2)[8 * 60 : (14 * 24 + hours) * 60]
    past = history(counts, start_s=past_traffic.MONDAY + 8 * 3600)

    assert certain(past).usd_per_month == pytest.approx(2 * (50 + 5 / 3) / 168 * PRICE * HOURS_PER_MONTH, rel=0.01)


def test_a_start_before_the_history_begins_is_not_paid_for() -> None:
    """The model is first seen at 7:55 on Monday, five minutes before the first of five blocks."""
    first = 8 * 60 - 5
    counts = (past_traffic.office_hours().counts)[first : first + 7 * past_traffic.DAY]
    past = history([0, *counts[1:]], start_s=past_traffic.MONDAY + first * 60)

    hours = 50 + 4 / 3 + 5 / 60

    assert certain(past).usd_per_month == pytest.approx(2 * hours / 168 * PRICE * HOURS_PER_MONTH)


def test_a_stray_request_keeps_no_model_running_but_is_told() -> None:
    counts = list(past_traffic.office_hours().counts)
    counts[3 * 60] = 7

    plan = certain(history(counts))

    assert (plan.hours_on, plan.missed_requests) == (50, 7)


@pytest.mark.parametrize(("requests", "hours", "missed"), [(1000, 1, 1), (999, 2, 0)])
def test_one_of_a_thousand_requests_may_be_missed(requests: int, hours: int, missed: int) -> None:
    counts: list[int | None] = [0] * HOURS_OF_WEEK
    counts[8], counts[100] = requests - 1, 1

    plan = certain(history(counts, period_s=3600))

    assert (plan.hours_on, plan.missed_requests) == (hours, missed)


@pytest.mark.parametrize(("idle", "start_up_s", "on"), [(1, 3600, None), (1, 3599, 167), (2, 7199, 166)])
def test_the_only_pause_of_a_week_has_to_be_longer_than_a_start(idle: int, start_up_s: int, on: int | None) -> None:
    past = history([*[0] * idle, *[3600] * (HOURS_OF_WEEK - idle)] * 2, period_s=3600)

    plan = planned(past, start_up_s)

    assert (plan and plan.hours_on) == on


@pytest.mark.parametrize(("start_up_s", "blocks"), [(3599, [(0, 1), (166, 1)]), (3600, [(166, 3)])])
def test_two_blocks_around_the_end_of_the_week_may_be_one(start_up_s: int, blocks: list[tuple[int, int]]) -> None:
    past = history([3600 if hour in (0, 166) else 0 for hour in range(HOURS_OF_WEEK)] * 2, period_s=3600)

    assert [(block.start_hour, block.hours) for block in certain(past, start_up_s).blocks] == blocks


def test_three_blocks_with_short_pauses_are_one() -> None:
    past = history([3600 if hour in (30, 32, 34, 35) else 0 for hour in range(HOURS_OF_WEEK)] * 2, period_s=3600)

    assert [(block.start_hour, block.hours) for block in certain(past, 3600).blocks] == [(30, 6)]


def test_a_quieter_block_gets_fewer_units_and_none_gets_more_than_recommended() -> None:
    day = past_traffic.DAY
    past = history(
        past_traffic.minutes(7, lambda m: 900 if m % day < 120 and m < 6 * day else 60 if m % day < 120 else 0)
    )

    blocks = certain(past).blocks

    assert {(block.min_units, block.max_units) for block in blocks} == {(1, 1), (1, 3)}
    assert (blocks[-1].min_units, blocks[-1].max_units) == (1, 1)


hourly = st.lists(st.none() | st.sampled_from([0, 0, 0, 1, 3600, 40_000, 90_000]), min_size=168, max_size=400)


@examples(max_examples=60, deadline=None)
@given(counts=hourly, start_up_s=st.integers(0, 10_000))
def test_a_plan_never_costs_more_than_no_plan_and_its_entries_are_valid(
    counts: list[int | None], start_up_s: int
) -> None:
    past = history(counts, period_s=3600)
    if not past.requests:
        return

    plan = planned(past, start_up_s)

    if plan is None:
        return
    least, most = units(past)
    assert plan.usd_per_month <= always_usd(past) * (1 + 1e-9)
    assert plan.missed_requests <= past.requests / 1000
    assert all(1 <= block.min_units <= block.max_units <= most for block in plan.blocks)
    assert all(block.min_units <= least for block in plan.blocks)
    assert plan.hours_on + plan.longest_stop[1] <= HOURS_OF_WEEK
    assert plan.longest_stop[1] * 3600 > start_up_s
    entries = start_stop_entries(ARN, plan.blocks, plan.start_up_s)
    assert all(is_schedule_expression(entry.expression) for entry in entries)


def test_entries_start_early_and_stop_in_time_with_the_days_that_are_alike_in_one() -> None:
    plan = certain(past_traffic.office_hours())

    entries = start_stop_entries(ARN, plan.blocks, plan.start_up_s)

    assert to_json(entries) == [
        {
            "expression": "cron(40 7 ? * MON-FRI *)",
            "timezone": "UTC",
            "target": "arn:aws:scheduler:::aws-sdk:rekognition:startProjectVersion",
            "input": {"ProjectVersionArn": ARN, "MinInferenceUnits": 2},
        },
        {
            "expression": "cron(0 18 ? * MON-FRI *)",
            "timezone": "UTC",
            "target": "arn:aws:scheduler:::aws-sdk:rekognition:stopProjectVersion",
            "input": {"ProjectVersionArn": ARN},
        },
    ]


def test_a_start_comes_early_by_the_whole_start_up() -> None:
    start, _ = start_stop_entries(ARN, [OnPeriod(8, 10, 1, 1)], 7201)

    assert start.expression == "cron(59 5 ? * MON *)"


def test_a_start_at_midnight_on_monday_is_on_sunday_evening() -> None:
    start, stop = start_stop_entries(ARN.replace("arn:aws:", "arn:aws-cn:"), [OnPeriod(0, 24, 1, 3)], 1200)

    assert (start.expression, stop.expression) == ("cron(40 23 ? * SUN *)", "cron(0 0 ? * TUE *)")
    assert start.input["MaxInferenceUnits"] == 3
    assert str(start.target).startswith("arn:aws-cn:scheduler:::")


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (range(7), "cron(5 6 * * ? *)"),
        ([0], "cron(5 6 ? * MON *)"),
        ([0, 1], "cron(5 6 ? * MON,TUE *)"),
        ([1, 2, 3], "cron(5 6 ? * TUE-THU *)"),
        ([0, 2], "cron(5 6 ? * MON,WED *)"),
        ([4, 5, 6], "cron(5 6 ? * FRI,SAT,SUN *)"),
    ],
)
def test_days_are_told_in_few_words(days: list[int], told: str) -> None:
    assert weekly_expression(365, days) == told
    assert is_schedule_expression(told)


def test_scheduler_s_parameters_are_those_of_the_calls() -> None:
    import botocore.session

    service = botocore.session.get_session().get_service_model("rekognition")
    for entry in start_stop_entries(ARN, [OnPeriod(8, 10, 1, 3)], 1200):
        action = str(entry.target).rpartition(":")[2]
        call = service.operation_model(action[0].upper() + action[1:]).input_shape

        assert call is not None
        assert set(call.required_members) <= set(entry.input) <= set(call.members)
        json.dumps(to_json(entry))
