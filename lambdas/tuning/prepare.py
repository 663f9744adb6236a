"""Prepares a run before anything is started: acquires the lease, checks the model, chooses the images."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from iu_tuner.contract.cost_estimate import expected_usd
from iu_tuner.contract.execution_input import BatchInput, ExecutionInput, PastInput, TrafficInput
from iu_tuner.contract.output.json_values import to_json
from lambdas.aws.logging import logger
from lambdas.aws.settings import settings
from lambdas.batch.machine.own_traffic import traffic_of_others
from lambdas.capacity.verdicts.account_quota import TpsQuota, quota_warning
from lambdas.experiments.scaling import units_to_verify
from lambdas.images.region import require_same_region
from lambdas.images.selection import choose_images, s3_client
from lambdas.load.lambda_quota import MAX_LANES, workers_warning, workers_within
from lambdas.models.lease import Lease
from lambdas.models.lease_store import lease_store
from lambdas.models.ports import ModelControl
from lambdas.models.recent_traffic import TrafficSeen, require_unused
from lambdas.models.registry import facts_of, find_model, require_service
from lambdas.models.status import ModelState, move_to_running
from lambdas.past_runs.store import history
from lambdas.planning.cloudwatch_demand import save_history
from lambdas.planning.demand import AnyDemand, BatchDemand, PastDemand, TrafficDemand
from lambdas.reports.metrics import count_verdict
from lambdas.runs.quotas import (
    lambda_client,
    quotas_client,
    require_room,
    tps_quota,
    units_quota,
    unreserved_concurrency,
)
from lambdas.runs.run import Run
from lambdas.runs.store import run_store
from lambdas.tuning.output import skipped
from lambdas.tuning.served_models import keep_served_model_running


@dataclass(frozen=True)
class FoundModel:
    """The model's initial state, and the recent traffic of other clients; that is None if the model does not run."""

    model: ModelControl
    state: ModelState
    other_traffic: TrafficSeen | None


def prepare(run_input: ExecutionInput, run_id: str, execution_arn: str, started_at: str) -> dict[str, Any]:
    """Acquire the lease, find the model, and save the plan of the run.

    Returns `{"holds", "output"}`; `output` is None unless another run holds the lease.

    Raises:
        InvalidInput, ServiceEnded, ModelNotFound, ModelNotStartable, ModelInUse, NoUsableImages, BudgetExceeded,
        AccessDenied, InternalError
    """
    require_service(run_input.model_arn)
    run_input = keep_served_model_running(run_input, settings().served_models)
    leases = lease_store()
    lease = leases.acquire(
        Lease(run_input.model_arn, run_id, execution_arn, started_at, run_input.limits.max_minutes, run_input.after_run)
    )
    if lease.run_id != run_id:
        count_verdict(run_input.model_arn, "skipped")
        return {"holds": False, "output": to_json(skipped(run_id, lease))}
    images, own_bucket = run_input.images, settings().image_bucket
    # An input error, before the run has any duty to the model.
    require_same_region(images.bucket, images.source, run_input.model_arn, own_bucket)
    found_model = look_model_up(run_input)
    if not found_model.state.costs_money:
        require_room(leases, lease)
    leases.save(lease.with_initial_state(found_model.model.handle, found_model.state))
    run = plan_run(run_input, found_model, lease)
    save_history(run)
    run_store(run_id).create(run)
    return {"holds": True, "output": None}


def look_model_up(run_input: ExecutionInput) -> FoundModel:
    """Find the model and check whether others use it.

    Raises:
        ModelNotFound, AccessDenied, InternalError
        ModelInUse: the model runs and serves others, which the input does not allow.
    """
    model = find_model(run_input.model_arn)
    state = model.look()
    if state.status != "RUNNING":
        return FoundModel(model, state, None)
    traffic = traffic_of_others(run_input.model_arn, time.time())
    if not run_input.test.allow_other_traffic:
        require_unused(traffic, facts_of(run_input.model_arn))
    return FoundModel(model, state, traffic)


def plan_run(run_input: ExecutionInput, found_model: FoundModel, lease: Lease) -> Run:
    """Choose the images, estimate time and cost, and save the plan.

    Raises:
        ModelNotStartable, BudgetExceeded, NoUsableImages, AccessDenied
    """
    # The test uses the inference units of the input; if it names none, a running model keeps its own.
    names_units = "inference_units" in run_input.test.model_fields_set
    requested_units = run_input.test.inference_units if names_units else None
    keeps_its_own = move_to_running(found_model.state, units=requested_units) == "use"
    units = (found_model.state.min_inference_units or 1) if keeps_its_own else run_input.test.inference_units
    usd_per_unit_hour = settings().usd_per_unit_hour
    quota = units_quota(quotas_client(), facts_of(run_input.model_arn)) if run_input.test.verify_scaling else None
    second_units = units_to_verify(units, quota) or 0
    usd = expected_usd(run_input, units, usd_per_unit_hour, second_units=second_units)
    bucket = run_input.images.bucket or settings().image_bucket
    chosen_images = choose_images(s3_client(), bucket, run_input.images.prefix, run_input.images.source)
    bounds = account_bounds(run_input, found_model.model, units, lease.started_at)
    return Run(
        run_id=lease.run_id,
        model_arn=found_model.model.model_arn,
        project_arn=found_model.model.handle,
        started_at=lease.started_at,
        inference_units=units,
        requested_units=requested_units,
        usd_per_unit_hour=usd_per_unit_hour,
        expected_usd=usd,
        mode=run_input.test.mode,
        start_concurrency=min(run_input.test.start_concurrency, bounds.max_concurrency),
        max_concurrency=bounds.max_concurrency,
        in_flight_per_worker=run_input.test.in_flight_per_worker,
        max_minutes=run_input.limits.max_minutes,
        max_usd=run_input.limits.max_cost_usd,
        demand=demand_of(run_input.demand),
        bucket=bucket,
        source=run_input.images.source,
        images=chosen_images.images,
        skipped=chosen_images.skipped,
        images_found=chosen_images.object_count,
        images_skipped=chosen_images.skipped_total,
        images_counted=chosen_images.counted,
        other_traffic=found_model.other_traffic,
        effective_input=run_input.model_dump(by_alias=True, warnings=False),
        after_run=run_input.after_run,
        compare_images=run_input.images.compare,
        scaling_quota=quota,
        tps_quota=bounds.tps_quota,
        most_workers=bounds.workers,
        warnings=bounds.warnings,
    )


@dataclass(frozen=True)
class AccountBounds:
    """The bounds that the account's quotas set to the run, and warnings about them."""

    tps_quota: TpsQuota | None
    workers: int
    max_concurrency: int
    warnings: tuple[str, ...]


def account_bounds(run_input: ExecutionInput, model: ModelControl, units: int, started_at: str) -> AccountBounds:
    """Read the quotas of the service and of Lambda. One that can't be read sets no bound or has its default."""
    test, quota = run_input.test, tps_quota(quotas_client(), facts_of(run_input.model_arn))
    workers = workers_within(unreserved_concurrency(lambda_client()))
    known_tps = history().last_tps(model.handle, model.model_arn, started_at)
    possible_warnings = (
        quota_warning(units, known_tps, quota, facts_of(model.model_arn)),
        workers_warning(workers, test.max_concurrency, test.in_flight_per_worker),
    )
    warnings = tuple(warning for warning in possible_warnings if warning)
    for warning in warnings:
        logger.warning(warning)
    return AccountBounds(quota, workers, min(test.max_concurrency, workers * MAX_LANES), warnings)


def demand_of(demand: TrafficInput | BatchInput | PastInput | None) -> AnyDemand | None:
    """The demand as a run stores it. If only one of average and peak is given, the other has the same value."""
    match demand:
        case PastInput():
            return PastDemand(demand.from_cloud_watch_days, demand.percentile, demand.headroom)
        case BatchInput():
            return BatchDemand(demand.images, demand.within_hours)
        case TrafficInput():
            average, peak = demand.average_tps or demand.peak_tps, demand.peak_tps or demand.average_tps
            return TrafficDemand(average or 0.0, peak or 0.0, demand.headroom)
    return None
