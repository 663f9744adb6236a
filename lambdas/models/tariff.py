"""Inference units: what they cost, what was billed, and how many a model may have."""

from __future__ import annotations

from dataclasses import dataclass

QUOTA_IUS = 5  # default quota of inference units per started model (AWS General Reference)


@dataclass(frozen=True)
class Tariff:
    """Inference units are paid by the hour while the model runs, used or not."""

    inference_units: int
    usd_per_unit_hour: float

    def usd(self, seconds: float) -> float:
        """The price of running for so long."""
        return self.unit_hours(seconds) * self.usd_per_unit_hour

    def unit_hours(self, seconds: float) -> float:
        """Inference-unit hours of running for so long."""
        return self.inference_units * seconds / 3600


@dataclass(frozen=True)
class BilledPeriod:
    """The model ran with so many inference units; times in seconds since the epoch."""

    inference_units: int
    since: float
    until: float

    @property
    def unit_hours(self) -> float:
        """Billed inference-unit hours."""
        return self.inference_units * (self.until - self.since) / 3600


QUOTA_IUS = 5  # default quota of inference units per started model (AWS General Reference)


@dataclass(frozen=True)
class UnitsQuota:
    """The most inference units that one model of the account may start with, and where the number is from."""

    units: int = QUOTA_IUS
    source: str = "the documented default"
