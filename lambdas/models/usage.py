"""CloudWatch's counts of the requests to a model: the window to read, and the sums of its periods."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

# (days, period in seconds): how long CloudWatch retains data of each period, according to its documentation.
RETENTION = ((15, 60), (63, 300), (455, 3600))


@dataclass(frozen=True)
class Window:
    """The whole periods of the last `days` days. Times are in epoch seconds."""

    days: int
    start_s: int
    end_s: int
    period_s: int

    @classmethod
    def before(cls, now: float, days: int) -> Window:
        """The window that ends now, with the shortest period that CloudWatch retains for these days."""
        period_s = next(period for retained_days, period in RETENTION if days <= retained_days)
        # It starts one period later, as CloudWatch refuses a start even a moment before the data that it retains.
        start = math.ceil((now - days * 86_400) / period_s) + 1
        return cls(days, start * period_s, int(now // period_s) * period_s, period_s)


@dataclass(frozen=True)
class UsageSums:
    """CloudWatch's sums by the start of their period in epoch seconds. Periods without data have no entry."""

    successful: Mapping[int, float]
    throttled: Mapping[int, float]
    in_service: Mapping[int, float]
    """Average inference units in service by period; empty if CloudWatch has no such data."""
    of_model: bool
