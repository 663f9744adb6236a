"""The start-stop plan in the words of the execution's output: `recommendation.plan`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from iu_tuner.contract.output.recommendation import HoursOn, PlanAssumptions, PlanOutput, ScheduleEntry
from iu_tuner.formats import rounded
from lambdas.planning.auto_scaling import HOURS_PER_MONTH
from lambdas.planning.demand import BatchDemand
from lambdas.planning.recommendation import BatchPlan
from lambdas.planning.request_history import HOURS_OF_WEEK
from lambdas.planning.scheduler_entries import DAYS, start_entry, start_stop_entries, stop_entry, weekly_expression
from lambdas.planning.weekly_schedule import MAX_MISSED_RATIO, START_UP_S, OnPeriod, WeekPlan

STOP_MINUTES = 15  # from a stop that was asked for until the model is free to be measured
BATCH_MARGIN = 0.1  # of a batch's time, added to it
MIN_RUN_MINUTES, MAX_RUN_MINUTES = START_UP_S // 60, 90  # of a measuring run, without its start
_STEP_MINUTES = 5
_DAY, _WEEK = 24 * 60, 7 * 24 * 60

NEEDS_A_WEEK = "No start-stop plan: that takes requests from every hour of a week, seven days of history at least"
NEVER_IDLE = "No start-stop plan: the model is never idle for longer than a start takes"
LONGER_THAN_A_WEEK = "No schedule: the batch takes longer than a week; start the model by hand, and stop it after it"


def no_plan(why: str) -> PlanOutput:
    """Nothing to schedule, and why."""
    return PlanOutput(sentence=f"{why}.", hours=(), scheduler=(), measure_again=None)


def week_row(plan: WeekPlan, model_arn: str, demand: Mapping[str, Any], always_usd: float, requests: int) -> PlanOutput:
    """A plan of on-hours; `always_usd` is what a month costs without stops, `demand` the input's."""
    stop_hour, stop_hours = plan.longest_stop
    saved_usd = always_usd - plan.usd_per_month
    return PlanOutput(
        sentence=f"On for {plan.hours_on} of the week's {HOURS_OF_WEEK} hours the model costs"
        f" ${plan.usd_per_month:,.0f} a month; ${always_usd:,.0f} if it is never stopped."
        f" {_missed_sentence(plan, requests)}",
        hours=tuple(map(_hours_on, plan.blocks)),
        hours_on_per_week=plan.hours_on,
        usd_per_month=rounded(plan.usd_per_month, 2),
        always_on_usd_per_month=rounded(always_usd, 2),
        saved_usd_per_month=rounded(saved_usd, 2),
        requests_outside=plan.missed_requests,
        assumptions=PlanAssumptions(plan.start_up_s / 60, True, "UTC", requests_outside_at_most=MAX_MISSED_RATIO),
        scheduler=start_stop_entries(model_arn, plan.blocks, plan.start_up_s),
        measure_again=_measure_again(60 * stop_hour, 60 * stop_hours, plan.start_up_s, model_arn, demand),
    )


def _missed_sentence(plan: WeekPlan, requests: int) -> str:
    if not plan.missed_requests:
        return "In the past no request came while it would have been stopped."
    return (
        f"In the past {plan.missed_requests:,} of {requests:,} requests came while it would have been stopped"
        " and would have failed."
    )


def _hours_on(block: OnPeriod) -> HoursOn:
    return HoursOn(
        from_=_day_and_hour(block.start_hour),
        to=_day_and_hour(block.start_hour + block.hours),
        min_inference_units=block.min_units,
        max_inference_units=block.max_units,
    )


def _day_and_hour(hour: int) -> str:
    return f"{DAYS[hour % HOURS_OF_WEEK // 24]} {hour % 24:02}:00"


def batch_row(
    batch: BatchPlan, batch_demand: BatchDemand, model_arn: str, usd_per_unit_hour: float, start_up_s: int = START_UP_S
) -> PlanOutput:
    """A batch as often as it fits, once a day or once a week, whose images come from midnight UTC on."""
    start_up_minutes = math.ceil(start_up_s / 60)
    minutes_on = math.ceil(round(batch.hours * 60 * (1 + BATCH_MARGIN), 6) / _STEP_MINUTES) * _STEP_MINUTES
    if minutes_on + start_up_minutes + STOP_MINUTES > _WEEK:
        return no_plan(LONGER_THAN_A_WEEK)
    is_daily = minutes_on + start_up_minutes + STOP_MINUTES <= _DAY
    usd_per_batch = batch.inference_units * usd_per_unit_hour * (minutes_on + start_up_minutes) / 60
    usd_per_month = usd_per_batch * HOURS_PER_MONTH / (24 if is_daily else HOURS_OF_WEEK)
    always_usd = batch.inference_units * usd_per_unit_hour * HOURS_PER_MONTH
    start_days, stop_days = (range(7), range(7)) if is_daily else ([6], [minutes_on // _DAY])
    demand = {"images": batch_demand.images, "withinHours": batch_demand.within_hours}
    start = weekly_expression(_DAY - start_up_minutes, start_days)
    free_minutes = (_DAY if is_daily else _WEEK) - minutes_on - start_up_minutes
    return PlanOutput(
        sentence=f"On for {minutes_on / 60:.2f} h, a start of {start_up_minutes} minutes before them, each batch costs"
        f" ${usd_per_batch:,.2f}: ${usd_per_month:,.0f} a month with one each {'day' if is_daily else 'week'},"
        f" ${always_usd:,.0f} if the model is never stopped.",
        hours=(
            HoursOn(
                from_=f"{'daily' if is_daily else 'MON'} 00:00",
                hours=rounded(minutes_on / 60, 2),
                min_inference_units=batch.inference_units,
                max_inference_units=batch.inference_units,
            ),
        ),
        hours_on_per_week=rounded(minutes_on / 60 * (7 if is_daily else 1), 2),
        usd_per_batch=rounded(usd_per_batch, 2),
        usd_per_month=rounded(usd_per_month, 2),
        always_on_usd_per_month=rounded(always_usd, 2),
        saved_usd_per_month=rounded(always_usd - usd_per_month, 2),
        assumptions=PlanAssumptions(
            start_up_minutes,
            True,
            "UTC",
            images_from="00:00",
            every="day" if is_daily else "week",
            margin_share=BATCH_MARGIN,
        ),
        scheduler=(
            start_entry(model_arn, start, batch.inference_units, batch.inference_units),
            stop_entry(model_arn, weekly_expression(minutes_on % _DAY, stop_days)),
        ),
        measure_again=_measure_again(minutes_on, free_minutes, start_up_s, model_arn, demand),
    )


def _measure_again(
    free_from: int, free_minutes: int, start_up_s: int, model_arn: str, demand: Mapping[str, Any]
) -> ScheduleEntry | None:
    """An entry for the context key `schedules`, while the model is off; None where that is too short for a run."""
    max_minutes = min(MAX_RUN_MINUTES, free_minutes - STOP_MINUTES - math.ceil(start_up_s / 60))
    if max_minutes < MIN_RUN_MINUTES:
        return None
    day, minute = divmod((free_from + STOP_MINUTES) % _WEEK, _DAY)
    run_input = {"modelArn": model_arn, "demand": demand, "limits": {"maxMinutes": max_minutes}}
    return ScheduleEntry(expression=weekly_expression(minute, [day]), timezone="UTC", input=run_input)
