"""A run: what it was asked to do, and what Prepare settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from iu_tuner.contract.choices import MAX_WORKERS, AfterRun, Mode, Source
from lambdas.capacity.step_plans import SearchLimits
from lambdas.capacity.verdicts.account_quota import TpsQuota
from lambdas.images.coverage import ImagesFound
from lambdas.images.image import Image, SkippedImage
from lambdas.models.recent_traffic import TrafficSeen
from lambdas.models.tariff import Tariff, UnitsQuota
from lambdas.planning.demand import BatchDemand, PastDemand, TrafficDemand
from lambdas.runs.budget import Budget, Left
from lambdas.runs.progress import Progress


@dataclass(frozen=True)
class Run:
    """Everything Prepare settled. Only the inference units may turn out otherwise: see `Progress`."""

    run_id: str
    model_arn: str
    project_arn: str
    started_at: str  # ISO 8601, UTC
    inference_units: int
    requested_units: int | None  # inference units that the model must run with; None: those it is found running with
    usd_per_unit_hour: float
    expected_usd: float
    mode: Mode
    start_concurrency: int
    max_concurrency: int
    in_flight_per_worker: int
    max_minutes: float
    max_usd: float
    demand: Mapping[str, float] | None
    bucket: str
    source: Source
    images: tuple[Image, ...]
    skipped: tuple[SkippedImage, ...]
    images_found: int
    images_skipped: int  # of these objects; `skipped` tells the first of them
    auto_scales_to: int | None = None  # the most units it may scale to, seen when it was RUNNING
    other_traffic: TrafficSeen | None = None  # of a model found RUNNING, just before the run
    effective_input: Mapping[str, Any] | None = None  # the execution's input, its defaults filled in
    after_run: AfterRun = "stop"
    compare_images: bool = False  # measure both ways of sending, and images by size, when the answer is there
    scaling_quota: UnitsQuota | None = None  # measure a second time, with more inference units; None: don't
    images_counted: ImagesFound | None = None  # None: a run that an earlier version prepared
    tps_quota: TpsQuota | None = None  # of the account, for all its models; None: nothing is known of it
    most_workers: int = MAX_WORKERS  # that Lambda may run at once for a step
    warnings: tuple[str, ...] = ()  # known before the start

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Run:
        """The inverse of `as_mapping`."""
        images = tuple(Image(**image) for image in values["images"])
        skipped = tuple(SkippedImage(**image) for image in values["skipped"])
        traffic = TrafficSeen(**values["other_traffic"]) if values.get("other_traffic") else None
        quota = UnitsQuota(**values["scaling_quota"]) if values.get("scaling_quota") else None
        counted = ImagesFound(**values["images_counted"]) if values.get("images_counted") else None
        tps_quota = TpsQuota(**values["tps_quota"]) if values.get("tps_quota") else None
        parsed = {
            "images": images,
            "skipped": skipped,
            "other_traffic": traffic,
            "scaling_quota": quota,
            "images_counted": counted,
            "tps_quota": tps_quota,
            "warnings": tuple(values.get("warnings", ())),
        }
        return cls(**{**values, **parsed})

    def as_mapping(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @property
    def started_epoch(self) -> float:
        """When the execution started, in seconds since the epoch."""
        return datetime.fromisoformat(self.started_at).timestamp()

    @property
    def search_limits(self) -> SearchLimits:
        """What the search may do."""
        return SearchLimits(
            self.mode, self.start_concurrency, self.max_concurrency, self.in_flight_per_worker, self.most_workers
        )

    def spent_usd(self, progress: Progress, now: float) -> float:
        """What the model has cost in this run."""
        return progress.unit_hours(self.inference_units, now) * self.usd_per_unit_hour

    @property
    def budget(self) -> Budget:
        """What the run may cost."""
        return Budget(self.max_minutes, self.max_usd)

    def left(self, progress: Progress, now: float) -> Left:
        """What remains of the budget."""
        tariff = Tariff(self.inference_units, self.usd_per_unit_hour)
        return self.budget.left(now - self.started_epoch, self.spent_usd(progress, now), tariff)

    @property
    def wanted(self) -> TrafficDemand | BatchDemand | PastDemand | None:
        """What the model shall carry, if the user said."""
        if self.demand is None:
            return None
        if "days" in self.demand:
            return PastDemand(**self.demand)  # type: ignore[arg-type]
        return BatchDemand(**self.demand) if "images" in self.demand else TrafficDemand(**self.demand)  # type: ignore[arg-type]
