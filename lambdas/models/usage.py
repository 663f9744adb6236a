"""How CloudWatch counts the requests to a model: the window that is read, and the sums of its periods."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

# (days, period in seconds): how long CloudWatch keeps data of each period, by its documentation.
KEPT = ((15, 60), (63, 300), (455, 3600))


@dataclass(frozen=True)
class Window:
    """The whole periods of the last `days`; times in seconds since the epoch."""

    days: int
    start_s: int
    end_s: int
    period_s: int

    @classmethod
    def before(cls, now: float, days: int) -> Window:
        """The window that ends now, in the shortest periods that are kept for so long."""
        period_s = next(period for kept, period in KEPT if days <= kept)
        # One period later: CloudWatch refuses a start even a moment before what it keeps.
        start = math.ceil((now - days * 86_400) / period_s) + 1
        return cls(days, start * period_s, int(now // period_s) * period_s, period_s)


@dataclass(frozen=True)
class UsageSums:
    """CloudWatch's sums by the start of their period, which has no entry where there is no data."""

    successful: Mapping[int, float]
    throttled: Mapping[int, float]
    in_service: Mapping[int, float]
    """Average inference units in service; empty if CloudWatch does not know them."""
    of_model: bool
