"""The load that the user needs the model to carry."""

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
    """A number of images to process within some hours."""

    images: int
    within_hours: float

    @property
    def tps(self) -> float:
        """The requests per second that just meet the deadline."""
        return self.images / (self.within_hours * 3600)


Demand = TrafficDemand | BatchDemand


@dataclass(frozen=True)
class PastDemand:
    """The demand observed in CloudWatch in the last `days`; its peak is a percentile of the minutes."""

    days: int
    percentile: float
    headroom: float = 0.0
