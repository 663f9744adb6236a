"""What Prepare settles before anything is started: the model as it is found, the images, the plan of the run."""

from __future__ import annotations

import time
from dataclasses import dataclass

from lambdas.adapters.execution_input import BatchInput, ExecutionInput, PastInput, TrafficInput
from lambdas.adapters.history import history
from lambdas.adapters.images import choose_images, s3_client
from lambdas.adapters.logs import logger
from lambdas.adapters.prices import unit_hour_price
from lambdas.adapters.quotas import (
    lambda_client,
    quotas_client,
    tps_quota,
    units_quota,
    unreserved_concurrency,
)
from lambdas.adapters.rekognition import RekognitionModel, rekognition_client
from lambdas.adapters.s3_refusals import bucket_region
from lambdas.adapters.settings import settings
from lambdas.adapters.traffic import cloudwatch_client, recent_requests
from lambdas.capacity.account_quota import TpsQuota, quota_warning
from lambdas.capacity.cost import Budget, Tariff
from lambdas.capacity.errors import InvalidInput
from lambdas.capacity.lambda_quota import MOST_LANES, workers_warning, workers_within
from lambdas.capacity.lease import Lease
from lambdas.capacity.model_status import ModelState, move_to_running
from lambdas.capacity.run import Run
from lambdas.capacity.scaling import units_to_verify
from lambdas.capacity.traffic import TrafficSeen, require_unused


@dataclass(frozen=True)
class FoundModel:
    """The model as the run finds it, and what others asked it for just before (None: it does not run)."""

    model: RekognitionModel
    state: ModelState
    other_traffic: TrafficSeen | None


def find_model(wanted: ExecutionInput) -> FoundModel:
    """Look the model up, and whether others use it.

    Raises:
        ModelNotFound, AccessDenied, InternalError
        ModelInUse: it runs and serves others, which the input does not allow.
    """
    model = RekognitionModel.find(rekognition_client(), wanted.model_arn)
    state = model.look()
    if state.status != "RUNNING":
        return FoundModel(model, state, None)
    traffic = recent_requests(cloudwatch_client(), model.project, model.version, time.time())
    if not wanted.test.allow_other_traffic:
        require_unused(traffic)
    return FoundModel(model, state, traffic)


def require_same_region(wanted: ExecutionInput) -> None:
    """Are images that Rekognition reads by itself in the model's Region? The stack's own bucket is.

    Raises:
        InvalidInput: they are in another one.
    """
    bucket = wanted.images.bucket
    if wanted.images.source != "s3" or bucket is None or bucket == settings().image_bucket:
        return
    region, model_region = bucket_region(s3_client(), bucket), wanted.model_arn.split(":")[3]
    if region not in (None, model_region):
        raise InvalidInput(
            f"images.bucket: got {bucket}, which is in {region}; takes, with images.source s3, a bucket in the"
            f" model's Region, {model_region} - copy the images there, or give images.source bytes"
        )


def plan_run(wanted: ExecutionInput, found: FoundModel, lease: Lease) -> Run:
    """Choose the images, estimate time and cost, and write the plan down.

    Raises:
        ModelNotStartable, BudgetExceeded, NoUsableImages, AccessDenied
    """
    # Inference units that the user named are what is tested; without them a running model keeps its own.
    named = "inference_units" in wanted.test.model_fields_set
    units_asked = wanted.test.inference_units if named else None
    keeps_its_own = move_to_running(found.state, units=units_asked) == "use"
    units = (found.state.min_inference_units or 1) if keeps_its_own else wanted.test.inference_units
    price = unit_hour_price()
    tariff = Tariff(units, price.usd)
    budget = Budget(wanted.limits.max_minutes, wanted.limits.max_cost_usd)
    quota = units_quota(quotas_client()) if wanted.test.verify_scaling else None
    second_units = units_to_verify(units, quota) or 0
    expected_usd = budget.check_estimate(
        wanted.test.mode, tariff, compare=wanted.images.compare, second_units=second_units
    )
    bucket = wanted.images.bucket or settings().image_bucket
    chosen = choose_images(s3_client(), bucket, wanted.images.prefix, wanted.images.source)
    bounds = account_bounds(wanted, found.model, units, lease.started_at)
    return Run(
        run_id=lease.run_id,
        model_arn=found.model.model_arn,
        project_arn=found.model.project_arn,
        started_at=lease.started_at,
        inference_units=units,
        units_asked=units_asked,
        usd_per_unit_hour=tariff.usd_per_unit_hour,
        expected_usd=expected_usd,
        mode=wanted.test.mode,
        start_concurrency=min(wanted.test.start_concurrency, bounds.max_concurrency),
        max_concurrency=bounds.max_concurrency,
        in_flight_per_worker=wanted.test.in_flight_per_worker,
        max_minutes=budget.max_minutes,
        max_usd=budget.max_usd,
        demand=settled_demand(wanted.demand),
        bucket=bucket,
        source=wanted.images.source,
        images=chosen.images,
        skipped=chosen.skipped,
        images_found=chosen.found,
        images_skipped=chosen.skipped_total,
        other_traffic=found.other_traffic,
        input_understood=wanted.model_dump(by_alias=True, warnings=False),
        after_run=wanted.after_run,
        price_source=price.source,
        price_date=price.read_at,
        price_detail=price.detail,
        compare_images=wanted.images.compare,
        scaling_within=quota,
        tps_quota=bounds.tps_quota,
        most_workers=bounds.workers,
        warnings=bounds.warnings,
    )


@dataclass(frozen=True)
class AccountBounds:
    """What the account's quotas leave of what the input wants, and the warnings about it."""

    tps_quota: TpsQuota
    workers: int
    max_concurrency: int
    warnings: tuple[str, ...]


def account_bounds(
    wanted: ExecutionInput, model: RekognitionModel, units: int, started_at: str
) -> AccountBounds:
    """Read the quotas of Rekognition and Lambda. What can't be read bounds nothing, or counts as its default."""
    test, quota = wanted.test, tps_quota(quotas_client())
    workers = workers_within(unreserved_concurrency(lambda_client()))
    known_tps = history().last_tps(model.project_arn, model.model_arn, started_at)
    told = (
        quota_warning(units, known_tps, quota),
        workers_warning(workers, test.max_concurrency, test.in_flight_per_worker),
    )
    warnings = tuple(warning for warning in told if warning)
    for warning in warnings:
        logger.warning(warning)
    return AccountBounds(quota, workers, min(test.max_concurrency, workers * MOST_LANES), warnings)


def settled_demand(demand: TrafficInput | BatchInput | PastInput | None) -> dict[str, float] | None:
    """The demand as a run keeps it; one of average and peak stands for both."""
    if isinstance(demand, PastInput):
        return {
            "days": demand.from_cloud_watch_days,
            "percentile": demand.percentile,
            "headroom": demand.headroom,
        }
    if isinstance(demand, TrafficInput):
        average, peak = demand.average_tps or demand.peak_tps, demand.peak_tps or demand.average_tps
        return {**demand.model_dump(), "average_tps": average, "peak_tps": peak}
    return demand.model_dump() if demand else None
