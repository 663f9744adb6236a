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
from lambdas.processing.first_pace import USABLE_VERDICTS, MeasuredRate, last_measured_rate
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

_SHARING_ADVICE = 'give afterRun "restore" to process the images beside their requests'


def prepare_batch(run_input: ProcessInput, run_id: str, execution_arn: str, started_at: str) -> dict[str, Any]:
    """Acquire the lease, find the model, and save the plan.

    Returns `{"holds", "output"}`; `output` is None unless another run holds the lease.

    Raises:
        InvalidInput, ModelNotFound, ModelNotStartable, ModelInUse, AccessDenied, InternalError
    """
    leases, limits = lease_store(), run_input.limits
    lease = leases.acquire(
        Lease(
            run_input.model_arn,
            run_id,
            execution_arn,
            started_at,
            limits.max_minutes,
            run_input.after_run,
            kind="process",
        )
    )
    if lease.run_id != run_id:
        count_verdict(run_input.model_arn, "skipped")
        return {"holds": False, "output": to_json(skipped(run_id, lease))}
    require_same_region(run_input.images.bucket, run_input.images.source, run_input.model_arn, settings().image_bucket)
    run_input = _with_earlier_input(run_input)
    model = find_model(run_input.model_arn)
    state = model.look()
    leases.save(lease.with_initial_state(model.handle, state))
    move_to_running(state)  # raises ModelNotStartable
    if state.status == "RUNNING" and run_input.after_run == "stop":
        require_unused(
            traffic_of_others(run_input.model_arn, time.time()), facts_of(run_input.model_arn), _SHARING_ADVICE
        )
    if not state.costs_money:
        require_room(leases, lease)
    batch_store(run_id).save_plan(_plan(run_input, lease, model.handle, state), phase="listing")
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


def _plan(run_input: ProcessInput, lease: Lease, handle: str, state: ModelState) -> BatchRun:
    measured = None
    if run_input.tps is not None:
        measured = MeasuredRate(run_input.tps, None)
    elif not run_input.measure_first:
        measured = last_measured_rate(history().outputs(run_input.model_arn, verdicts=USABLE_VERDICTS))
    found_running = state.status == "RUNNING"
    started_at = datetime.fromisoformat(lease.started_at).timestamp()
    quota = units_quota(quotas_client(), facts_of(run_input.model_arn)).units
    _require_quota(run_input, quota)
    return BatchRun(
        run_id=lease.run_id,
        model_arn=run_input.model_arn,
        project_arn=handle,
        started_at=lease.started_at,
        inference_units=(state.min_inference_units or 1) if found_running else 1,
        requested_units=None,
        usd_per_unit_hour=settings().usd_per_unit_hour,
        max_minutes=run_input.limits.max_minutes,
        max_usd=run_input.limits.max_cost_usd,
        after_run=run_input.after_run,
        effective_input=run_input.model_dump(by_alias=True, mode="json", warnings=False),
        bucket=run_input.images.bucket or settings().image_bucket,
        deadline_at=run_input.deadline_at(started_at),
        measured=measured,
        quota=quota,
        max_workers=workers_within(unreserved_concurrency(lambda_client())),
        found_running=found_running,
        account_tps=applied_tps(quotas_client(), facts_of(run_input.model_arn)),
    )


def _require_quota(run_input: ProcessInput, quota: int) -> None:
    """Require that the account may start a model with the inference units of the input. Raises InvalidInput."""
    if isinstance(run_input.units, UnitsRange):
        require_units("units.max", run_input.units.max, quota)
    elif isinstance(run_input.units, int):
        require_units("units", run_input.units, quota)


def _with_earlier_input(run_input: ProcessInput) -> ProcessInput:
    """The input with the images and the results of the batch that it resumes, where it names none itself.

    A batch that listed nothing is begun again. It has ended, as this run holds the model's lease.

    Raises:
        InvalidInput: `resume` names no batch of this model.
    """
    if run_input.resume is None:
        return run_input
    earlier_store = batch_store(run_input.resume)
    try:
        earlier_run = earlier_store.load().run
    except (KeyError, ValueError):  # no run, or no batch
        raise InvalidInput(wrong_value("resume", run_input.resume, "the runId of an earlier batch")) from None
    if earlier_run.model_arn != run_input.model_arn:
        takes = f"the runId of a batch of this model, not of {earlier_run.model_arn}"
        raise InvalidInput(wrong_value("resume", run_input.resume, takes))
    earlier_fields: dict[str, Any] = {}
    if (
        not run_input.images.model_fields_set - {"source"}
        and run_input.images.source == earlier_run.input.images.source
    ):
        earlier_fields["images"] = earlier_run.input.images
    if "results" not in run_input.model_fields_set:
        earlier_fields["results"] = earlier_run.input.results
    has_listed = earlier_store.has_listed()
    full_input = run_input.model_copy(update={**earlier_fields, **({} if has_listed else {"resume": None})})
    return parse_process_input(full_input.model_dump(by_alias=True, mode="json", warnings=False))
