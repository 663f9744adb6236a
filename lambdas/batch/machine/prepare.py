"""PrepareBatch: acquires the lease, finds the model, and saves the plan of the batch. Starts nothing."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from iu_tuner.contract.batch.batch_input import ProcessInput, UnitsRange, parse_process_input
from iu_tuner.contract.batch.output import BatchImages, BatchLatency, BatchOutput, Throughput
from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.input_errors import wrong_value
from iu_tuner.contract.output.json_values import to_json
from iu_tuner.contract.output.result import LeaseHolder
from lambdas.aws.settings import settings
from lambdas.batch.machine.own_traffic import traffic_of_others
from lambdas.batch.machine.run import BatchRun, batch_store
from lambdas.images.region import require_same_region
from lambdas.load.lambda_quota import workers_within
from lambdas.models.lease import Lease
from lambdas.models.lease_store import lease_store
from lambdas.models.recent_traffic import require_unused
from lambdas.models.registry import facts_of, find_model
from lambdas.models.status import ModelState, move_to_running
from lambdas.past_runs.store import history
from lambdas.processing.first_pace import USABLE_VERDICTS, Measured, measured_in
from lambdas.reports.metrics import count_verdict
from lambdas.runs.quotas import (
    applied_tps,
    lambda_client,
    quotas_client,
    require_room,
    require_units,
    units_quota,
    unreserved_concurrency,
)

_SHARE = 'give afterRun "restore" to process the images beside their requests'


def prepare_batch(wanted: ProcessInput, run_id: str, execution_arn: str, started_at: str) -> dict[str, Any]:
    """Acquire the lease, find the model, and save the plan.

    Returns `{"holds", "output"}`; `output` is None unless another run holds the lease.

    Raises:
        InvalidInput, ModelNotFound, ModelNotStartable, ModelInUse, AccessDenied, InternalError
    """
    leases, limits = lease_store(), wanted.limits
    lease = leases.acquire(
        Lease(wanted.model_arn, run_id, execution_arn, started_at, limits.max_minutes, wanted.after_run, kind="process")
    )
    if lease.run_id != run_id:
        count_verdict(wanted.model_arn, "skipped")
        return {"holds": False, "output": to_json(skipped(run_id, lease))}
    require_same_region(wanted.images.bucket, wanted.images.source, wanted.model_arn, settings().image_bucket)
    wanted = _resuming(wanted)
    model = find_model(wanted.model_arn)
    state = model.look()
    leases.save(lease.with_initial_state(model.handle, state))
    move_to_running(state)  # raises ModelNotStartable
    if state.status == "RUNNING" and wanted.after_run == "stop":
        require_unused(traffic_of_others(wanted.model_arn, time.time()), facts_of(wanted.model_arn), _SHARE)
    if not state.costs_money:
        require_room(leases, lease)
    batch_store(run_id).save_plan(_plan(wanted, lease, model.handle, state), phase="listing")
    return {"holds": True, "output": None}


def skipped(run_id: str, holder: Lease) -> BatchOutput:
    """The output of a batch that found the model's lease taken: it has touched nothing."""
    return BatchOutput(
        run_id=run_id,
        model_arn=holder.model_arn,
        verdict="skipped",
        verdict_detail=f"{holder.sentence}: nothing was processed or touched; run again when it has ended.",
        images=BatchImages(),
        failures=(),
        throughput=Throughput(None, None, 0, None),
        deadline=None,
        inference_units=None,
        alternatives=(),
        latency_ms=BatchLatency(None, None),
        model=None,
        cost=None,
        manifest_uri=None,
        failed_uri=None,
        summary_uri=None,
        held_by=LeaseHolder(holder.run_id, holder.execution_arn, holder.started_at),
    )


def _plan(wanted: ProcessInput, lease: Lease, handle: str, state: ModelState) -> BatchRun:
    measured = None
    if wanted.tps is not None:
        measured = Measured(wanted.tps, None)
    elif not wanted.measure_first:
        measured = measured_in(history().outputs(wanted.model_arn, verdicts=USABLE_VERDICTS))
    found_running = state.status == "RUNNING"
    started_at = datetime.fromisoformat(lease.started_at).timestamp()
    quota = units_quota(quotas_client(), facts_of(wanted.model_arn)).units
    _require_quota(wanted, quota)
    return BatchRun(
        run_id=lease.run_id,
        model_arn=wanted.model_arn,
        project_arn=handle,
        started_at=lease.started_at,
        inference_units=(state.min_inference_units or 1) if found_running else 1,
        requested_units=None,
        usd_per_unit_hour=settings().usd_per_unit_hour,
        max_minutes=wanted.limits.max_minutes,
        max_usd=wanted.limits.max_cost_usd,
        after_run=wanted.after_run,
        effective_input=wanted.model_dump(by_alias=True, mode="json", warnings=False),
        bucket=wanted.images.bucket or settings().image_bucket,
        deadline_at=wanted.deadline_at(started_at),
        measured=measured,
        quota=quota,
        max_workers=workers_within(unreserved_concurrency(lambda_client())),
        found_running=found_running,
        account_tps=applied_tps(quotas_client(), facts_of(wanted.model_arn)),
    )


def _require_quota(wanted: ProcessInput, quota: int) -> None:
    """Require that the account may start a model with the inference units of the input. Raises InvalidInput."""
    if isinstance(wanted.units, UnitsRange):
        require_units("units.max", wanted.units.max, quota)
    elif isinstance(wanted.units, int):
        require_units("units", wanted.units, quota)


def _resuming(wanted: ProcessInput) -> ProcessInput:
    """The input with the images and the results of the batch that it resumes, where it names none itself.

    A batch that listed nothing is begun again. It has ended, as this run holds the model's lease.

    Raises:
        InvalidInput: `resume` names no batch of this model.
    """
    if wanted.resume is None:
        return wanted
    earlier = batch_store(wanted.resume)
    try:
        found = earlier.load().run
    except (KeyError, ValueError):  # no run, or no batch
        raise InvalidInput(wrong_value("resume", wanted.resume, "the runId of an earlier batch")) from None
    if found.model_arn != wanted.model_arn:
        takes = f"the runId of a batch of this model, not of {found.model_arn}"
        raise InvalidInput(wrong_value("resume", wanted.resume, takes))
    its_own: dict[str, Any] = {}
    if not wanted.images.model_fields_set - {"source"} and wanted.images.source == found.wanted.images.source:
        its_own["images"] = found.wanted.images
    if "results" not in wanted.model_fields_set:
        its_own["results"] = found.wanted.results
    has_listed = earlier.has_listed()
    resumed = wanted.model_copy(update={**its_own, **({} if has_listed else {"resume": None})})
    return parse_process_input(resumed.model_dump(by_alias=True, mode="json", warnings=False))
