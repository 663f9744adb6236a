"""The cleanup of a run: reads its model's status, makes one move to what its lease asks for, and saves the receipt.

The state machine's own `finally` and each layer of the safety net call it. They may do so at the same time, so every
move may be made twice.
"""

from __future__ import annotations

import time
from dataclasses import replace

from iu_tuner.contract.errors import ModelNotFound, RunError
from iu_tuner.contract.output.live_run import CleanupTrigger
from iu_tuner.contract.output.result import DELETED
from lambdas.aws.logging import logger
from lambdas.models.lease import Lease
from lambdas.models.lease_store import LeaseStore, lease_store
from lambdas.models.ports import ModelControl
from lambdas.models.registry import model_of
from lambdas.models.status import ModelState
from lambdas.models.timeline import EMPTY_TIMELINE, Timeline
from lambdas.models.tokens import client_token
from lambdas.past_runs.store import history
from lambdas.planning.cloudwatch_demand import save_own_run
from lambdas.reports.notifications import notify_cleaned_up, notify_failed
from lambdas.runs.receipt import make_receipt
from lambdas.runs.store import run_store

_PHASES = {
    ("stop", False): "stopping",
    ("stop", True): "stopped",
    ("restore", False): "restoring",
    ("restore", True): "restored",
    ("apply", False): "applying",
    ("apply", True): "applied",
}


def clean_up_run(run_id: str, model_arn: str | None, *, failed: bool) -> bool:
    """Clean up after the run. Returns True if nothing is left to do; a run without a lease has touched no model."""
    lease = lease_store().get(model_arn) if model_arn else None
    return reconcile(lease, by="finally", has_answer=not failed) if lease and lease.run_id == run_id else True


def reconcile(lease: Lease, *, by: CleanupTrigger, has_answer: bool = False) -> bool:
    """Read the model's status once, and make one move to what the lease asks for.

    Returns True if the model is as the lease asks, and the lease is released. If False, wait and call again: only the
    next status shows the result of the move. `has_answer`: the run has its answer and may leave the model running with
    the recommended units, under a lease that is held until the answer is published. Otherwise the model is stopped.
    """
    leases = lease_store()
    closing_lease = leases.mark_closing(lease)
    if closing_lease is not None and closing_lease.owes == "apply" and not has_answer:
        given_up = closing_lease.without_applying(f"the run ended without publishing its answer (settled by: {by})")
        leases.save_changes(given_up, instead_of=closing_lease)
        closing_lease = given_up
    if closing_lease is None:
        return True
    if closing_lease.project_arn is None or closing_lease.owes == "nothing":
        leases.release(closing_lease)
        return True
    model = model_of(closing_lease.model_arn, closing_lease.project_arn)
    state, now = _look(model), time.time()
    timeline, lease = _timeline(closing_lease.run_id).with_look(state, now), closing_lease
    move = lease.next_move(state, now, timeline)
    if move == "give-up":
        lease = lease.without_applying(lease.reason_not_applied(state))
        move = lease.next_move(state, now, timeline)
    leases.save_changes(lease.with_stop_requested(now) if move == "stop" else lease, instead_of=closing_lease)
    if move == "stop":
        model.stop(token=client_token(lease, "stop", now))
    is_done = move == "done"
    _save_state_and_receipt(lease, state, now, by=by, is_done=is_done)
    if move == "start":  # last, as it may be refused for good; the status is saved above
        _start(leases, model, lease, client_token(lease, lease.owes, timeline.up_at))
    if is_done and lease.owes != "apply":
        leases.release(lease)
    return is_done


def clean_up_ended(lease: Lease, status: str, *, by: CleanupTrigger) -> bool:
    """Reconcile the lease of an ended execution. Once done, save its failure and notify of it if no state has."""
    is_done = reconcile(lease, by=by)
    if is_done and status not in ("FAILED", "SUCCEEDED"):
        run_store(lease.run_id).fail(status, _end_cause(status))
        history().save_failure(lease.model_arn, lease.started_at, lease.run_id, status, _end_cause(status))
    if is_done and not notify_ended(lease.run_id, lease.model_arn, status) and status == "FAILED":
        notify_cleaned_up(lease.run_id, lease.model_arn)
    return is_done


def notify_ended(run_id: str, model_arn: str | None, status: str) -> bool:
    """Notify of an execution that ended with this status. Returns False if one of its states has done so before."""
    return status != "SUCCEEDED" and notify_failed(run_id, model_arn, status, _end_cause(status))


def _end_cause(status: str) -> str:
    return f"the execution ended as {status}, with no answer; its receipt tells how the model was left"


def _start(leases: LeaseStore, model: ModelControl, lease: Lease, token: str) -> None:
    """Start the model again with the units that it was found with, or with the recommended ones."""
    if lease.owes != "apply":
        model.start(lease.units_found or 1, lease.max_units_found, token=token)
        return
    # The request is saved first, and only while the lease asks for it: a caller that ends the run at this moment
    # either prevents this start, or reads that it may take effect and waits to stop the model.
    asking_lease = leases.ask_to_apply(lease, time.time())
    if asking_lease is None:
        return
    min_units, max_units = asking_lease.min_units_decided or 1, asking_lease.max_units_decided or 1
    try:
        model.start(min_units, max_units if max_units > min_units else None, token=token)
    except RunError as refusal:
        # The answer is still published, and says why it was not applied.
        leases.save_changes(
            replace(asking_lease.without_applying(refusal.sentence), apply_starts=0), instead_of=asking_lease
        )


def _look(model: ModelControl) -> ModelState:
    try:
        return model.look()
    except ModelNotFound:
        return ModelState(DELETED)


def _timeline(run_id: str) -> Timeline:
    """The model's timeline so far. Returns an empty one if it can't be read: the model must be stopped all the same."""
    try:
        run_and_progress = run_store(run_id).load_model_run_or_none()
    except Exception:  # noqa: BLE001 - an error of the run's item shows when the receipt is saved
        logger.exception("what was seen of the model can't be read")
        run_and_progress = None
    return run_and_progress[1] if run_and_progress else EMPTY_TIMELINE


def _save_state_and_receipt(lease: Lease, state: ModelState, now: float, *, by: CleanupTrigger, is_done: bool) -> None:
    """Save the model's state and the receipt in the run's item."""
    store = run_store(lease.run_id)
    run_and_progress = store.load_model_run_or_none()
    if run_and_progress is not None:
        run, progress_before = run_and_progress
        progress = progress_before.with_look(state, now).after_run(state, now, applying=lease.apply_starts > 0)
        if progress != progress_before:
            store.save_progress(progress)
        run_and_progress = run, progress
    units, is_applied = (state.min_inference_units, state.max_inference_units), is_done and lease.owes == "apply"
    receipt = make_receipt(
        lease,
        run_and_progress,
        state.status,
        by=by,
        now=now,
        units=units,
        applied=is_applied,
        service_status=state.service_status,
    )
    store.save_receipt(receipt, phase=_PHASES[lease.owes, is_done], is_final=is_done)
    if is_done and receipt.started_at is not None and lease.kind == "measure":  # a batch is real demand
        save_own_run(lease.run_id, lease.model_arn, receipt.started_at, receipt.stopped_at or now)
