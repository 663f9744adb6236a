"""PrepareServe: acquires the lease, finds the model, and saves the plan of a run for uploads. Starts nothing."""

from __future__ import annotations

from typing import Any

from iu_tuner.contract.output.json_values import to_json
from iu_tuner.contract.output.result import LeaseHolder
from iu_tuner.contract.uploads.serve_input import ServeInput
from iu_tuner.contract.uploads.serve_output import ServedImages, ServeOutput
from lambdas.aws.settings import settings
from lambdas.inference.serve.run import ServeRun, serve_store
from lambdas.inference.waves.activity import activity_of
from lambdas.inference.waves.failures import failures_of
from lambdas.models.lease import Lease
from lambdas.models.lease_store import lease_store
from lambdas.models.registry import facts_of, find_model
from lambdas.models.status import ModelState, move_to_running
from lambdas.past_runs.store import history
from lambdas.processing.first_pace import USABLE_VERDICTS
from lambdas.reports.metrics import count_verdict
from lambdas.runs.quotas import quotas_client, require_room, require_units, units_quota


def prepare_serve(run_input: ServeInput, run_id: str, execution_arn: str, started_at: str) -> dict[str, Any]:
    """Acquire the lease, find the model, and save the plan.

    Returns `{"holds", "output"}`; `output` is None unless another run holds the lease.

    Raises:
        InvalidInput, ModelNotFound, ModelNotStartable, AccessDenied, InternalError
    """
    leases, minutes = lease_store(), run_input.limits.max_minutes
    # A model that its owner has started meanwhile keeps running.
    own_lease = Lease(run_input.model_arn, run_id, execution_arn, started_at, minutes, "restore", kind="serve")
    lease = leases.acquire(own_lease)
    if lease.run_id != run_id:
        count_verdict(run_input.model_arn, "skipped")
        return {"holds": False, "output": to_json(_skipped(run_input, run_id, lease))}
    model = find_model(run_input.model_arn)
    state = model.look()
    leases.save(lease.with_initial_state(model.handle, state))
    move_to_running(state)  # raises ModelNotStartable
    if not state.costs_money:
        require_room(leases, lease)
    serve_store(run_id).create(_plan(run_input, lease, model.handle, state))
    return {"holds": True, "output": None}


def _plan(run_input: ServeInput, lease: Lease, handle: str, state: ModelState) -> ServeRun:
    earlier_activity = activity_of(run_input.model_arn)
    return ServeRun(
        run_id=lease.run_id,
        model_arn=run_input.model_arn,
        project_arn=handle,
        started_at=lease.started_at,
        inference_units=_units(run_input, state),
        requested_units=None,
        usd_per_unit_hour=settings().usd_per_unit_hour,
        max_minutes=run_input.limits.max_minutes,
        max_usd=run_input.limits.max_cost_usd,
        after_run="restore",
        prefix=run_input.prefix,
        queues=tuple((each.url, each.arn) for each in run_input.queues),
        idle_s=60 * run_input.idle_stop_minutes,
        done_before=earlier_activity.images_done,
        failed_before=earlier_activity.images_failed,
        failures_before={each.error: each.images for each in failures_of(run_input.model_arn)},
    )


def _units(run_input: ServeInput, state: ModelState) -> int:
    """The inference units to start with: those of a model that runs, else of the input or of the last measurement."""
    if state.status == "RUNNING":
        return state.min_inference_units or 1
    quota = units_quota(quotas_client(), facts_of(run_input.model_arn)).units
    if run_input.units == "recommended":
        outputs = history().outputs(run_input.model_arn, verdicts=USABLE_VERDICTS)
        recommended_units = (each.recommendation.min_inference_units for each in outputs)
        return min(quota, next((units for units in recommended_units if units is not None), 1))
    require_units("units", run_input.units, quota)
    return run_input.units


def _skipped(run_input: ServeInput, run_id: str, holder: Lease) -> ServeOutput:
    """The output of a run that found the model's lease taken: it has touched nothing."""
    return ServeOutput(
        run_id=run_id,
        model_arn=holder.model_arn,
        prefix=run_input.prefix,
        verdict="skipped",
        verdict_detail=f"{holder.sentence}; uploads wait.",
        images=ServedImages(0, 0, 0),
        tps=None,
        inference_units=None,
        model=None,
        cost=None,
        held_by=LeaseHolder(holder.run_id, holder.execution_arn, holder.started_at),
    )
