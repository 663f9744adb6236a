"""The load that the user needs the model to carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from lambdas.capacity.verdicts.account_quota import TpsQuota


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


AnyDemand = Demand | PastDemand


class PlannedRun(Protocol):
    """What planning needs to know of a run."""

    @property
    def run_id(self) -> str: ...
    @property
    def model_arn(self) -> str: ...
    @property
    def demand(self) -> AnyDemand | None: ...
    @property
    def usd_per_unit_hour(self) -> float: ...
    @property
    def tps_quota(self) -> TpsQuota | None: ...
