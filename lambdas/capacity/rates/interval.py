"""A rate and its 95 % interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A rate in requests per second with its 95 % interval. If `high` is None, the estimate is a lower bound."""

    estimate: float
    low: float
    high: float | None

    @property
    def half_width(self) -> float:
        """Distance from the estimate to the lower end, in requests per second."""
        return self.estimate - self.low

    @property
    def upper_end(self) -> float:
        """The upper end, which is infinite for a lower bound."""
        return math.inf if self.high is None else self.high

    def per_unit(self, units: int) -> Interval:
        """The rate of one inference unit: estimate and bounds divided by `units`."""
        return Interval(self.estimate / units, self.low / units, None if self.high is None else self.high / units)

    @classmethod
    def lower_bound(cls, rate: float) -> Interval:
        """The interval of a rate that the model carries at least."""
        return cls(rate, rate, None)
