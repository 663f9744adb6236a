"""What the user needs the model to carry."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrafficDemand:
    """Steady traffic: average and peak in requests per second; `headroom` 0.2 asks for 20 % more of both."""

    average_tps: float
    peak_tps: float
    headroom: float = 0.0


@dataclass(frozen=True)
class BatchDemand:
    """A number of images to be through within some hours."""

    images: int
    within_hours: float

    @property
    def tps(self) -> float:
        """The rate that just meets the deadline."""
        return self.images / (self.within_hours * 3600)


Demand = TrafficDemand | BatchDemand


@dataclass(frozen=True)
class PastDemand:
    """What was asked for in the last `days`: the average, and as the peak a percentile of the minutes."""

    days: int
    percentile: float
    headroom: float = 0.0
