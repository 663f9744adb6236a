"""A run: what its input asks for, and what Prepare decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iu_tuner.contract.choices import MAX_WORKERS, Mode, Source
from lambdas.capacity.step_plans import SearchLimits
from lambdas.capacity.verdicts.account_quota import TpsQuota
from lambdas.images.coverage import ImagesFound
from lambdas.images.image import Image, SkippedImage
from lambdas.models.recent_traffic import TrafficSeen
from lambdas.models.tariff import UnitsQuota
from lambdas.planning.demand import AnyDemand
from lambdas.runs.model_run import ModelRun


@dataclass(frozen=True, kw_only=True)
class Run(ModelRun):
    """Everything that Prepare decided for a measurement."""

    expected_usd: float
    mode: Mode
    start_concurrency: int
    max_concurrency: int
    in_flight_per_worker: int
    demand: AnyDemand | None
    bucket: str
    source: Source
    images: tuple[Image, ...]
    skipped: tuple[SkippedImage, ...]
    images_found: int
    images_skipped: int  # number of skipped objects; `skipped` lists the first of them
    other_traffic: TrafficSeen | None = None  # recent traffic of a model found RUNNING
    effective_input: Mapping[str, Any] | None = None  # the execution's input with its defaults
    compare_images: bool = False  # compare ways of sending and image sizes after the answer
    scaling_quota: UnitsQuota | None = None  # for the scaling check; None if the run has none
    images_counted: ImagesFound | None = None  # None in runs that an earlier version prepared
    tps_quota: TpsQuota | None = None  # the account's quota for all its models; None if unknown
    most_workers: int = MAX_WORKERS  # maximum number of workers that Lambda runs at once in a step
    warnings: tuple[str, ...] = ()  # warnings that are known before the start

    @property
    def search_limits(self) -> SearchLimits:
        """The bounds of the search."""
        return SearchLimits(
            self.mode, self.start_concurrency, self.max_concurrency, self.in_flight_per_worker, self.most_workers
        )
