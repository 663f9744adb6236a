"""The requests that clients sent to a model in the past, by minute where CloudWatch still keeps minutes.

Rates count only the periods in which the model *served*: it had inference units in service, or it got requests.
Where CloudWatch does not know the inference units, gaps of up to an hour between requests count as served, too.
A period in which the model did not run has no demand; that is not a demand of zero.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from lambdas.models.usage import UsageSums, Window

HOURS_OF_WEEK = 168
MAX_GAP_S = 3600
_MONDAY = 72  # hours from the Monday before the epoch, a Thursday, to the epoch


@dataclass(frozen=True)
class RequestHistory:
    """The requests of each period from the first one in which the model served; None where it did not serve."""

    days: int
    start_s: int  # since the epoch
    period_s: int
    counts: tuple[int | None, ...]
    throttled: int  # of all these requests
    of_model: bool  # False: the counts are those of all models of the account and Region
    in_service_known: bool
    own_runs: int = 0  # runs of this tuner in this time; their requests are not counted

    @cached_property
    def rates(self) -> list[float]:
        """Requests per second of the periods in which the model served, in ascending order."""
        return sorted(count / self.period_s for count in self.counts if count is not None)

    @property
    def requests(self) -> int:
        """The number of requests."""
        return sum(filter(None, self.counts))

    @property
    def minutes(self) -> float:
        """The minutes in which the model served."""
        return len(self.rates) * self.period_s / 60

    @property
    def average_tps(self) -> float:
        """Requests per second over the time in which the model served; 0 if it never served."""
        return self.requests / (len(self.rates) * self.period_s) if self.rates else 0.0

    def percentile_tps(self, percentile: float) -> float:
        """The rate, in requests per second, that `percentile` % of the periods do not exceed."""
        return percentile_of(self.rates, percentile)

    def hour_of_week(self, index: int) -> int:
        """The hour of the week of a period; 0 is Monday from 0:00 to 1:00 UTC."""
        return ((self.start_s + index * self.period_s) // 3600 + _MONDAY) % HOURS_OF_WEEK

    @cached_property
    def by_hour_of_week(self) -> list[list[float]]:
        """For each of the 168 hours of the week, the rates of the periods in which the model served, ascending."""
        hours: list[list[float]] = [[] for _ in range(HOURS_OF_WEEK)]
        for index, count in enumerate(self.counts):
            if count is not None:
                hours[self.hour_of_week(index)].append(count / self.period_s)
        return [sorted(rates) for rates in hours]

    @property
    def covers_a_week(self) -> bool:
        """Whether the history contains each hour of the week."""
        return len({self.hour_of_week(index) for index in range(len(self.counts))}) == HOURS_OF_WEEK

    @property
    def whole_weeks(self) -> RequestHistory:
        """The last whole weeks, so that each weekday counts alike; the whole history if it is shorter than a week."""
        periods_per_week = HOURS_OF_WEEK * 3600 // self.period_s
        skipped = len(self.counts) % periods_per_week if len(self.counts) >= periods_per_week else 0
        return replace(self, start_s=self.start_s + skipped * self.period_s, counts=self.counts[skipped:])


def percentile_of(ascending: list[float], percentile: float) -> float:
    """The percentile of ascending values by nearest rank; 0 for an empty list."""
    if not ascending:
        return 0.0
    return ascending[max(1, math.ceil(percentile / 100 * len(ascending) - 1e-9)) - 1]


def build_history(window: Window, usage: UsageSums, own_runs: Collection[tuple[float, float]] = ()) -> RequestHistory:
    """The history in the window, without the time (from, to) of this tuner's own runs: their load is no demand."""
    request_starts = usage.successful.keys() | usage.throttled.keys()
    served_starts = {
        start
        for start in _served_starts(window.period_s, request_starts, usage)
        if not any(start < end and start + window.period_s > begin for begin, end in own_runs)
    }
    starts = range(min(served_starts, default=window.end_s), window.end_s, window.period_s)
    counts = tuple(
        round(usage.successful.get(start, 0) + usage.throttled.get(start, 0)) if start in served_starts else None
        for start in starts
    )
    return RequestHistory(
        window.days,
        starts.start,
        window.period_s,
        counts,
        throttled=round(sum(usage.throttled.get(start, 0) for start in served_starts)),
        of_model=usage.of_model,
        in_service_known=bool(usage.in_service),
        own_runs=sum(end > window.start_s for _, end in own_runs),
    )


def _served_starts(period_s: int, request_starts: Collection[int], usage: UsageSums) -> set[int]:
    if usage.in_service:
        running_starts = {start for start, units in usage.in_service.items() if units > 0}
        # Requests to all models of the account were none of this one's while it did not run.
        return running_starts | set(request_starts) if usage.of_model else running_starts
    served_starts = set(request_starts)
    for before, after in pairwise(sorted(request_starts)):
        if after - before <= MAX_GAP_S:
            served_starts.update(range(before, after, period_s))
    return served_starts
