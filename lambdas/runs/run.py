"""A run: what its input asks for, and what Prepare decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from iu_tuner.contract.choices import MAX_WORKERS, AfterRun, Mode, Source
from lambdas.capacity.step_plans import SearchLimits
from lambdas.capacity.verdicts.account_quota import TpsQuota
from lambdas.images.coverage import ImagesFound
from lambdas.images.image import Image, SkippedImage
from lambdas.models.recent_traffic import TrafficSeen
from lambdas.models.tariff import Tariff, UnitsQuota
from lambdas.planning.demand import AnyDemand
from lambdas.runs.budget import Budget, Left
from lambdas.runs.progress import Progress


@dataclass(frozen=True)
class Run:
    """Everything that Prepare decided. Only the inference units may change later (see `Progress`)."""

    run_id: str
    model_arn: str
    project_arn: str
    started_at: str  # ISO 8601, UTC
    inference_units: int
    requested_units: int | None  # inference units of the test; None for those that the model is found running with
    usd_per_unit_hour: float
    expected_usd: float
    mode: Mode
    start_concurrency: int
    max_concurrency: int
    in_flight_per_worker: int
    max_minutes: float
    max_usd: float
    demand: AnyDemand | None
    bucket: str
    source: Source
    images: tuple[Image, ...]
    skipped: tuple[SkippedImage, ...]
    images_found: int
    images_skipped: int  # number of skipped objects; `skipped` lists the first of them
    auto_scales_to: int | None = None  # maximum inference units, if the model was found RUNNING with auto-scaling
    other_traffic: TrafficSeen | None = None  # recent traffic of a model found RUNNING
    effective_input: Mapping[str, Any] | None = None  # the execution's input with its defaults
    after_run: AfterRun = "stop"
    compare_images: bool = False  # compare ways of sending and image sizes after the answer
    scaling_quota: UnitsQuota | None = None  # for the scaling check; None if the run has none
    images_counted: ImagesFound | None = None  # None in runs that an earlier version prepared
    tps_quota: TpsQuota | None = None  # the account's quota for all its models; None if unknown
    most_workers: int = MAX_WORKERS  # maximum number of workers that Lambda runs at once in a step
    warnings: tuple[str, ...] = ()  # warnings that are known before the start

    @property
    def started_epoch(self) -> float:
        """The start of the execution, in seconds since the epoch."""
        return datetime.fromisoformat(self.started_at).timestamp()

    @property
    def search_limits(self) -> SearchLimits:
        """The bounds of the search."""
        return SearchLimits(
            self.mode, self.start_concurrency, self.max_concurrency, self.in_flight_per_worker, self.most_workers
        )

    def spent_usd(self, progress: Progress, now: float) -> float:
        """The cost of the model in this run so far, in USD."""
        return progress.unit_hours(self.inference_units, now) * self.usd_per_unit_hour

    @property
    def budget(self) -> Budget:
        """The run's limits of time and money."""
        return Budget(self.max_minutes, self.max_usd)

    def left(self, progress: Progress, now: float) -> Left:
        """The rest of the budget at the time `now`."""
        tariff = Tariff(self.inference_units, self.usd_per_unit_hour)
        return self.budget.left(now - self.started_epoch, self.spent_usd(progress, now), tariff)
