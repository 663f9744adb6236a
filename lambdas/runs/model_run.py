"""What every run knows of its model, whatever it does with it: start, cleanup, receipt and budget need only this."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from iu_tuner.contract.choices import AfterRun
from lambdas.models.tariff import Tariff
from lambdas.runs.budget import Budget, Remaining
from lambdas.runs.progress import Progress


@dataclass(frozen=True, kw_only=True)
class ModelRun:
    """A run and its model. Only the inference units may change later (see `Progress`)."""

    run_id: str
    model_arn: str
    project_arn: str
    started_at: str  # ISO 8601, UTC
    inference_units: int
    requested_units: int | None  # inference units of the run; None for those that the model is found running with
    usd_per_unit_hour: float
    max_minutes: float
    max_usd: float
    after_run: AfterRun = "stop"
    auto_scales_to: int | None = None  # maximum inference units, if the model was found RUNNING with auto-scaling
    scales_to: int | None = None  # maximum inference units to start the model with, if it is to auto-scale

    @property
    def started_epoch(self) -> float:
        """The start of the execution, in seconds since the epoch."""
        return datetime.fromisoformat(self.started_at).timestamp()

    def spent_usd(self, progress: Progress, now: float) -> float:
        """The cost of the model in this run so far, in USD."""
        return progress.unit_hours(self.inference_units, now) * self.usd_per_unit_hour

    @property
    def budget(self) -> Budget:
        """The run's limits of time and money."""
        return Budget(self.max_minutes, self.max_usd)

    def remaining(self, progress: Progress, now: float) -> Remaining:
        """The rest of the budget at the time `now`."""
        tariff = Tariff(self.inference_units, self.usd_per_unit_hour)
        return self.budget.remaining(now - self.started_epoch, self.spent_usd(progress, now), tariff)
