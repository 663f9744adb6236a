"""When to start and stop a model, in hours of the week (0 is Monday from midnight to 1:00 UTC)."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from lambdas.capacity.rates.interval import Interval
from lambdas.planning.auto_scaling import HOURS_PER_MONTH, AutoScaling, ScalingDelay
from lambdas.planning.demand import PastDemand
from lambdas.planning.request_history import HOURS_OF_WEEK, RequestHistory, percentile_of
from lambdas.planning.sizing import units_for

START_UP_S = 20 * 60  # AWS documents 10 to 20 minutes of downtime for a stop and a start
# The largest share of past requests in hours that are switched off: a single stray request keeps no model running.
MAX_MISSED_RATIO = 0.001


@dataclass(frozen=True)
class OnPeriod:
    """Consecutive hours in which the model runs; they may go past the end of the week."""

    start_hour: int
    hours: int
    min_units: int
    max_units: int

    def covers(self, hour: int) -> bool:
        """Whether the model runs in this hour of the week."""
        return (hour - self.start_hour) % HOURS_OF_WEEK < self.hours


@dataclass(frozen=True)
class WeekPlan:
    """The blocks of a week, their mean cost, and how many past requests came outside of them."""

    blocks: tuple[OnPeriod, ...]
    start_up_s: int
    usd_per_month: float
    missed_requests: int

    @property
    def hours_on(self) -> int:
        """The hours of the week in which the model runs, out of 168."""
        return sum(block.hours for block in self.blocks)

    @property
    def longest_stop(self) -> tuple[int, int]:
        """The longest time in which the model is off: (first hour of the week, number of hours)."""
        neighbours = pairwise((*self.blocks, self.blocks[0]))
        stops = [(block.start_hour + block.hours, following.start_hour) for block, following in neighbours]
        lengths = [(end % HOURS_OF_WEEK, (start - end) % HOURS_OF_WEEK) for end, start in stops]
        return max(lengths, key=lambda stop: stop[1])


def week_plan(
    history: RequestHistory,
    past: PastDemand,
    per_unit: Interval,
    min_units: int,
    max_units: int,
    usd_per_unit_hour: float,
    start_up_s: int = START_UP_S,
) -> WeekPlan | None:
    """The plan for a history that covers a week. Returns None if the model is never idle for longer than a start takes.

    `min_units` and `max_units` are the recommended inference units; no block gets more. Costs are in USD.
    """
    busy_hours = _busy_hours(history)
    spans = _spans(busy_hours, start_up_s)
    if not spans:
        return None
    blocks = tuple(_block(span, history, past, per_unit, min_units, max_units) for span in spans)
    hours_on = {hour for block in blocks for hour in range(HOURS_OF_WEEK) if block.covers(hour)}
    requests = ((history.hour_of_week(index), count or 0) for index, count in enumerate(history.counts))
    missed_requests = sum(count for hour, count in requests if hour not in hours_on)
    weeks = history.whole_weeks
    unit_s = _unit_seconds(blocks, weeks, per_unit.estimate, start_up_s)
    share = unit_s / (len(weeks.counts) * weeks.period_s)
    return WeekPlan(blocks, start_up_s, share * usd_per_unit_hour * HOURS_PER_MONTH, missed_requests)


def _busy_hours(history: RequestHistory) -> set[int]:
    """All hours of the week but the quietest, which together hold at most MAX_MISSED_RATIO of the requests."""
    requests = [sum(rates) * history.period_s for rates in history.by_hour_of_week]
    spare_requests = MAX_MISSED_RATIO * history.requests
    busy_hours = set(range(HOURS_OF_WEEK))
    for hour in sorted(busy_hours, key=lambda hour: requests[hour]):
        spare_requests -= requests[hour]
        if spare_requests < -1e-6:
            break
        busy_hours.remove(hour)
    return busy_hours


def _spans(busy_hours: Set[int], start_up_s: int) -> list[tuple[int, int]]:
    """(First hour, length) of each stretch of busy hours; a pause shorter than a start joins its neighbours."""
    first_hours = sorted(hour for hour in busy_hours if (hour - 1) % HOURS_OF_WEEK not in busy_hours)
    spans: list[tuple[int, int]] = []
    for first in first_hours:
        hours = next(length for length in range(1, HOURS_OF_WEEK) if (first + length) % HOURS_OF_WEEK not in busy_hours)
        if spans and 3600 * (first - sum(spans[-1])) <= start_up_s:
            spans[-1] = (spans[-1][0], first + hours - spans[-1][0])
        else:
            spans.append((first, hours))
    if len(spans) > 1 and 3600 * (spans[0][0] + HOURS_OF_WEEK - sum(spans[-1])) <= start_up_s:
        first, hours = spans.pop(0)
        spans[-1] = (spans[-1][0], first + HOURS_OF_WEEK + hours - spans[-1][0])
    pause_hours = HOURS_OF_WEEK - spans[0][1] if len(spans) == 1 else HOURS_OF_WEEK
    return [] if 3600 * pause_hours <= start_up_s else spans


def _block(
    span: tuple[int, int], history: RequestHistory, past: PastDemand, per_unit: Interval, min_units: int, max_units: int
) -> OnPeriod:
    first, hours = span
    by_hour = history.by_hour_of_week
    rates = sorted(rate for hour in range(first, first + hours) for rate in by_hour[hour % HOURS_OF_WEEK])
    average = sum(rates) / len(rates)
    peak = max(average, percentile_of(rates, past.percentile))
    average_units, peak_units = (units_for(tps * (1 + past.headroom), per_unit) for tps in (average, peak))
    return OnPeriod(first, hours, min(average_units, min_units), min(peak_units, max_units))


def _unit_seconds(blocks: Sequence[OnPeriod], history: RequestHistory, tps_per_unit: float, start_up_s: int) -> float:
    """Inference units times seconds that the plan would have cost in the past; the time of starts is paid, too."""
    block_of = {hour: block for block in blocks for hour in range(HOURS_OF_WEEK) if block.covers(hour)}
    unit_seconds, off_s, current_block, model = 0.0, 0, None, None
    for index, count in enumerate(history.counts):
        block = block_of.get(history.hour_of_week(index))
        if block is not current_block:
            current_block, model = block, None
            if block is not None:
                model = AutoScaling(block.min_units, block.max_units, tps_per_unit, history.period_s, ScalingDelay())
                unit_seconds += min(start_up_s, off_s) * block.min_units
                off_s = 0
        if model is None:
            off_s += history.period_s
        else:
            unit_seconds += model.serve(count) * history.period_s
    return unit_seconds
