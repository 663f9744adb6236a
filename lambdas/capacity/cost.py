"""What a run costs before it starts, while it runs, and after. Money in USD, time in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from lambdas.capacity.errors import BudgetExceeded
from lambdas.capacity.plans import Mode

# Minutes that a model typically runs for a measurement: probing, load, and the looks before and after.
EXPECTED_MINUTES: dict[Mode, float] = {"quick": 3.0, "standard": 5.0, "precise": 8.0}
# Minutes that a model takes to start, where nothing better is known (AWS: 10 to 20).
EXPECTED_START_MINUTES = 20.0
# Minutes that its load takes at the very least, with a model that starts at once.
LEAST_MINUTES: dict[Mode, float] = {"quick": 0.4, "standard": 0.7, "precise": 0.7}


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
class Stretch:
    """The model ran with so many inference units, from and to; seconds since the epoch."""

    inference_units: int
    since: float
    until: float

    @property
    def unit_hours(self) -> float:
        """What is paid for."""
        return self.inference_units * (self.until - self.since) / 3600


@dataclass(frozen=True)
class Budget:
    """The run's `limits`."""

    max_minutes: float
    max_usd: float

    def check_estimate(self, mode: Mode, tariff: Tariff, *, second_units: int = 0) -> float:
        """What the run will cost, about; with a second measurement at `second_units` inference units.

        Raises:
            BudgetExceeded: it will take more than the limits; nothing has been started.
        """
        if LEAST_MINUTES[mode] > self.max_minutes:
            raise BudgetExceeded(
                f"a {mode} run takes {LEAST_MINUTES[mode]:g} minutes at the very least, and 10 to 25 more when the "
                f"model has to be started, more than limits.maxMinutes = {self.max_minutes:g} - raise the limit"
            )
        second = Tariff(second_units, tariff.usd_per_unit_hour)
        usd = tariff.usd(60 * EXPECTED_MINUTES[mode]) + second.usd(60 * EXPECTED_MINUTES[mode])
        if usd > self.max_usd:
            units = f"{tariff.inference_units} x ${tariff.usd_per_unit_hour:g}/h"
            again = f", and again at {second_units}," if second_units else ""
            raise BudgetExceeded(
                f"a {mode} run at {units}{again} costs about ${usd:.2f}, "
                f"more than limits.maxCostUsd = {self.max_usd:g} - raise the limit, or test with fewer inference units"
            )
        return usd

    def check(self, elapsed_s: float, spent_usd: float) -> None:
        """Is there time and money left?

        Raises:
            BudgetExceeded: one of the limits is passed; the run ends and the model is stopped.
        """
        if elapsed_s > 60 * self.max_minutes:
            raise BudgetExceeded(
                f"the run has taken {elapsed_s / 60:.2f} minutes, more than limits.maxMinutes = {self.max_minutes:g}"
                " - raise the limit, or see in the model's history why it starts so slowly"
            )
        if spent_usd > self.max_usd:
            raise BudgetExceeded(
                f"the model has cost ${spent_usd:.2f} in this run, more than limits.maxCostUsd = {self.max_usd:g}"
                " - raise the limit, or test with fewer inference units"
            )
