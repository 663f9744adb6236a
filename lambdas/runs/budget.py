"""The cost of a run: estimated before the start, checked while it runs. Money in USD, time in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from iu_tuner.contract.errors import BudgetExceeded
from lambdas.models.tariff import Tariff

# Minutes that a model takes to start, if nothing better is known (AWS documents 10 to 20).
EXPECTED_START_MINUTES = 20.0


@dataclass(frozen=True)
class Remaining:
    """The seconds that the model may still run in this run, and the name of the limit that bounds them."""

    seconds: float
    limit: str


@dataclass(frozen=True)
class Budget:
    """The `limits` of the input, in minutes and USD."""

    max_minutes: float
    max_usd: float

    def check(self, elapsed_s: float, spent_usd: float) -> None:
        """Require that time and money are left.

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

    def remaining(self, elapsed_s: float, spent_usd: float, tariff: Tariff) -> Remaining:
        """The remaining budget of a model that continues to run, by the limit that it reaches first."""
        by_time = Remaining(60 * self.max_minutes - elapsed_s, f"limits.maxMinutes = {self.max_minutes:g}")
        by_money = Remaining(
            3600 * (self.max_usd - spent_usd) / tariff.usd(3600), f"limits.maxCostUsd = {self.max_usd:g}"
        )
        return min(by_time, by_money, key=lambda remaining: remaining.seconds)
