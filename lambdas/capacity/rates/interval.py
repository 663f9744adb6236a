"""A rate and its 95 % interval."""

from __future__ import annotations

from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A rate in requests per second with its 95 % interval; `high` None: the estimate is a lower bound."""

    estimate: float
    low: float
    high: float | None

    @property
    def half_width(self) -> float:
        """Distance from the estimate to the nearer end."""
        return self.estimate - self.low

    def per_unit(self, units: int) -> Interval:
        """Each one's part of it."""
        return Interval(self.estimate / units, self.low / units, None if self.high is None else self.high / units)

    @classmethod
    def lower_bound(cls, rate: float) -> Interval:
        """Nothing is known but that the model carries at least this."""
        return cls(rate, rate, None)
