"""Entries for EventBridge Scheduler that start and stop a model by themselves: universal targets, no Lambda.

A universal target is `arn:aws:scheduler:::aws-sdk:<service>:<apiAction>` with the call's parameters as JSON
(EventBridge Scheduler User Guide, "Using universal targets").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from iu_tuner.contract.model_arn import ModelArn
from iu_tuner.contract.output.recommendation import ScheduleEntry
from lambdas.models.registry import facts_of
from lambdas.planning.weekly_schedule import OnPeriod

MINUTES_OF_WEEK = 7 * 24 * 60
DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


def start_stop_entries(model_arn: str, blocks: Sequence[OnPeriod], start_up_s: int) -> tuple[ScheduleEntry, ...]:
    """One start and one stop for all days that begin or end alike. A start comes early by the start-up."""
    starts: dict[tuple[int, int, int], list[int]] = {}
    stops: dict[int, list[int]] = {}
    for block in blocks:
        day, minute = _day_and_minute(60 * block.start_hour - -(-start_up_s // 60))
        starts.setdefault((minute, block.min_units, block.max_units), []).append(day)
        day, minute = _day_and_minute(60 * (block.start_hour + block.hours))
        stops.setdefault(minute, []).append(day)
    return (
        *(
            start_entry(model_arn, weekly_expression(minute, days), min_units, max_units)
            for (minute, min_units, max_units), days in sorted(starts.items())
        ),
        *(stop_entry(model_arn, weekly_expression(minute, days)) for minute, days in sorted(stops.items())),
    )


def start_entry(model_arn: str, expression: str, min_units: int, max_units: int) -> ScheduleEntry:
    """Starts the model; it auto-scales where `max_units` is more than `min_units`."""
    service = facts_of(model_arn)
    return _entry(model_arn, expression, service.start, service.start_parameters(model_arn, min_units, max_units))


def stop_entry(model_arn: str, expression: str) -> ScheduleEntry:
    """Stops the model."""
    service = facts_of(model_arn)
    return _entry(model_arn, expression, service.stop, service.model_parameters(model_arn))


def weekly_expression(minute: int, days: Iterable[int]) -> str:
    """At a minute of the day, on these days of the week (0 is Monday)."""
    sorted_days = sorted(set(days))
    if len(sorted_days) == len(DAYS):
        return f"cron({minute % 60} {minute // 60} * * ? *)"
    first, last = sorted_days[0], sorted_days[-1]
    is_range = len(sorted_days) > 2 and last - first == len(sorted_days) - 1 and last < 6  # SUN is 1, not 8
    day_names = f"{DAYS[first]}-{DAYS[last]}" if is_range else ",".join(DAYS[day] for day in sorted_days)
    return f"cron({minute % 60} {minute // 60} ? * {day_names} *)"


def _day_and_minute(minute_of_week: int) -> tuple[int, int]:
    day, minute = divmod(minute_of_week % MINUTES_OF_WEEK, 24 * 60)
    return day, minute


def _entry(model_arn: str, expression: str, operation: str, parameters: dict[str, Any]) -> ScheduleEntry:
    return ScheduleEntry(
        expression=expression,
        timezone="UTC",
        target=f"arn:{ModelArn.of(model_arn).partition}:scheduler:::aws-sdk:{facts_of(model_arn).scheduler_action(operation)}",
        input=parameters,
    )
