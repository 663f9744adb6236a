"""Inference units: their price, the billed periods, and the quota of a model."""

from __future__ import annotations

from dataclasses import dataclass

QUOTA_IUS = 5  # default quota of inference units per started model (AWS General Reference)


@dataclass(frozen=True)
class Tariff:
    """A number of inference units and their price. They are billed by the hour while the model runs, used or not."""

    inference_units: int
    usd_per_unit_hour: float

    def usd(self, seconds: float) -> float:
        """The price in USD of running for this many seconds."""
        return self.unit_hours(seconds) * self.usd_per_unit_hour

    def unit_hours(self, seconds: float) -> float:
        """The inference-unit hours of running for this many seconds."""
        return self.inference_units * seconds / 3600


@dataclass(frozen=True)
class BilledPeriod:
    """A period in which the model ran with a number of inference units. Times are in epoch seconds."""

    inference_units: int
    since: float
    until: float

    @property
    def unit_hours(self) -> float:
        """Billed inference-unit hours."""
        return self.inference_units * (self.until - self.since) / 3600


@dataclass(frozen=True)
class UnitsQuota:
    """The maximum number of inference units of one model of the account, and the source of the number."""

    units: int = QUOTA_IUS
    source: str = "the documented default"
