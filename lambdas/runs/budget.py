"""The cost of a run: estimated before the start, checked while it runs. Money in USD, time in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from iu_tuner.contract.choices import Mode
from iu_tuner.contract.errors import BudgetExceeded
from lambdas.models.tariff import Tariff

# Minutes that a model typically runs for a measurement: probing, load, and the looks before and after.
EXPECTED_MINUTES: dict[Mode, float] = {"quick": 3.0, "standard": 5.0, "precise": 8.0}
# Minutes that a model takes to start, unless the run has seen it (AWS documents 10 to 20).
EXPECTED_START_MINUTES = 20.0
# Minimum minutes of a measurement whose model starts at once.
MIN_MINUTES: dict[Mode, float] = {"quick": 0.4, "standard": 0.7, "precise": 0.7}
# Extra minutes of an image comparison: up to seven steps with the pauses between them; the minimum is their load.
EXPECTED_COMPARISON_MINUTES: dict[Mode, float] = {"quick": 1.5, "standard": 2.5, "precise": 2.5}
MIN_COMPARISON_MINUTES: dict[Mode, float] = {"quick": 0.4, "standard": 0.8, "precise": 0.8}


@dataclass(frozen=True)
class Left:
    """How many seconds the model may still run in this run, and the name of the limit that ends them."""

    seconds: float
    limit: str


@dataclass(frozen=True)
class Budget:
    """The `limits` of the input: minutes, and USD."""

    max_minutes: float
    max_usd: float

    def check_estimate(self, mode: Mode, tariff: Tariff, *, compare: bool = False, second_units: int = 0) -> float:
        """Estimate the cost of the run in USD.

        `compare`: with a comparison of images; `second_units`: with a second measurement at so many inference units.

        Raises:
            BudgetExceeded: the estimate exceeds a limit; nothing has been started.
        """
        least, name = MIN_MINUTES[mode], f"a {mode} run"
        if compare:
            least, name = least + MIN_COMPARISON_MINUTES[mode], f"{name} with images.compare"
        if least > self.max_minutes:
            raise BudgetExceeded(
                f"{name} takes {least:g} minutes at the very least, and 10 to 25 more when the "
                f"model has to be started, more than limits.maxMinutes = {self.max_minutes:g} - raise the limit"
            )
        second = Tariff(second_units, tariff.usd_per_unit_hour)
        usd = tariff.usd(60 * expected_minutes(mode, compare=compare)) + second.usd(60 * EXPECTED_MINUTES[mode])
        if usd > self.max_usd:
            units = f"{tariff.inference_units} x ${tariff.usd_per_unit_hour:g}/h"
            again = f", and again at {second_units}," if second_units else ""
            raise BudgetExceeded(
                f"{name} at {units}{again} costs about ${usd:.2f}, "
                f"more than limits.maxCostUsd = {self.max_usd:g} - raise the limit, or test with fewer inference units"
            )
        return usd

    def check(self, elapsed_s: float, spent_usd: float) -> None:
        """Check that time and money are left.

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

    def left(self, elapsed_s: float, spent_usd: float, tariff: Tariff) -> Left:
        """The rest of the limits for a model that continues to run: the one that ends first."""
        by_time = Left(60 * self.max_minutes - elapsed_s, f"limits.maxMinutes = {self.max_minutes:g}")
        by_money = Left(3600 * (self.max_usd - spent_usd) / tariff.usd(3600), f"limits.maxCostUsd = {self.max_usd:g}")
        return min(by_time, by_money, key=lambda left: left.seconds)


def expected_minutes(mode: Mode, *, compare: bool = False) -> float:
    """The minutes that the model is expected to run."""
    return EXPECTED_MINUTES[mode] + (EXPECTED_COMPARISON_MINUTES[mode] if compare else 0.0)
