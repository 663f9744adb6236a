"""What CloudWatch keeps of a model's requests: for how long, in which periods, and its sums."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

# CloudWatch's periods, in seconds, and the days that it keeps them.
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
        # A period late: CloudWatch refuses to look a moment further back than it keeps.
        start = math.ceil((now - days * 86_400) / period_s) + 1
        return cls(days, start * period_s, int(now // period_s) * period_s, period_s)


@dataclass(frozen=True)
class UsageSums:
    """CloudWatch's sums by the start of their period, which has no entry where there is no data."""

    successful: Mapping[int, float]
    throttled: Mapping[int, float]
    in_service: Mapping[int, float]
    """Average inference units in service; empty where CloudWatch does not know."""
    of_model: bool
