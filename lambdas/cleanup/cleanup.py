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
    return reconcile(lease, by="finally", answered=not failed) if lease and lease.run_id == run_id else True


def reconcile(lease: Lease, *, by: CleanupTrigger, answered: bool = False) -> bool:
    """Read the model's status once, and make one move to what the lease asks for.

    Returns True if the model is as the lease asks, and the lease is released. If False, wait and call again: only the
    next status shows the result of the move. `answered`: the run has its answer and may leave the model running with
    the recommended units, under a lease that is held until the answer is published. Otherwise the model is stopped.
    """
    leases = lease_store()
    closed = leases.mark_closing(lease)
    if closed is not None and closed.owes == "apply" and not answered:
        ended = closed.without_applying(f"the run ended without publishing its answer (settled by: {by})")
        leases.save_changes(ended, instead_of=closed)
        closed = ended
    if closed is None:
        return True
    if closed.project_arn is None or closed.owes == "nothing":
        leases.release(closed)
        return True
    model = model_of(closed.model_arn, closed.project_arn)
    state, now = _look(model), time.time()
    seen, lease = _timeline(closed.run_id).with_look(state, now), closed
    move = lease.next_move(state, now, seen)
    if move == "give-up":
        lease = lease.without_applying(lease.reason_not_applied(state))
        move = lease.next_move(state, now, seen)
    leases.save_changes(lease.with_stop_requested(now) if move == "stop" else lease, instead_of=closed)
    if move == "stop":
        model.stop(token=client_token(lease, "stop", now))
    done = move == "done"
    _save_state_and_receipt(lease, state, now, by=by, done=done)
    if move == "start":  # last, as it may be refused for good; the status is saved above
        _start(leases, model, lease, client_token(lease, lease.owes, seen.up_at))
    if done and lease.owes != "apply":
        leases.release(lease)
    return done


def clean_up_ended(lease: Lease, status: str, *, by: CleanupTrigger) -> bool:
    """Reconcile the lease of an ended execution. Once done, save its failure and notify of it if no state has."""
    done = reconcile(lease, by=by)
    if done and status not in ("FAILED", "SUCCEEDED"):
        run_store(lease.run_id).fail(status, _why(status))
        history().save_failure(lease.model_arn, lease.started_at, lease.run_id, status, _why(status))
    if done and not notify_ended(lease.run_id, lease.model_arn, status) and status == "FAILED":
        notify_cleaned_up(lease.run_id, lease.model_arn)
    return done


def notify_ended(run_id: str, model_arn: str | None, status: str) -> bool:
    """Notify of an execution that ended with this status. Returns False if one of its states has done so before."""
    return status != "SUCCEEDED" and notify_failed(run_id, model_arn, status, _why(status))


def _why(status: str) -> str:
    return f"the execution ended as {status}, with no answer; its receipt tells how the model was left"


def _start(leases: LeaseStore, model: ModelControl, lease: Lease, token: str) -> None:
    """Start the model again with the units that it was found with, or with the recommended ones."""
    if lease.owes != "apply":
        model.start(lease.units_found or 1, lease.max_units_found, token=token)
        return
    # The request is saved first, and only while the lease asks for it: a caller that ends the run at this moment
    # either prevents this start, or reads that it may take effect and waits to stop the model.
    asked = leases.ask_to_apply(lease, time.time())
    if asked is None:
        return
    min_units, max_units = asked.min_units_decided or 1, asked.max_units_decided or 1
    try:
        model.start(min_units, max_units if max_units > min_units else None, token=token)
    except RunError as refusal:
        # The answer is still published, and says why it was not applied.
        leases.save_changes(replace(asked.without_applying(refusal.sentence), apply_starts=0), instead_of=asked)


def _look(model: ModelControl) -> ModelState:
    try:
        return model.look()
    except ModelNotFound:
        return ModelState(DELETED)


def _timeline(run_id: str) -> Timeline:
    """The model's timeline so far. Returns an empty one if it can't be read: the model must be stopped all the same."""
    try:
        known = run_store(run_id).load_model_run_or_none()
    except Exception:  # noqa: BLE001 - an error of the run's item shows when the receipt is saved
        logger.exception("what was seen of the model can't be read")
        known = None
    return known[1] if known else EMPTY_TIMELINE


def _save_state_and_receipt(lease: Lease, state: ModelState, now: float, *, by: CleanupTrigger, done: bool) -> None:
    """Save the model's state and the receipt in the run's item."""
    store = run_store(lease.run_id)
    known = store.load_model_run_or_none()
    if known is not None:
        run, before = known
        progress = before.with_look(state, now).after_run(state, now, applying=lease.apply_starts > 0)
        if progress != before:
            store.save_progress(progress)
        known = run, progress
    units, applied = (state.min_inference_units, state.max_inference_units), done and lease.owes == "apply"
    receipt = make_receipt(
        lease, known, state.status, by=by, now=now, units=units, applied=applied, service_status=state.service_status
    )
    store.save_receipt(receipt, phase=_PHASES[lease.owes, done], final=done)
    if done and receipt.started_at is not None and lease.kind == "measure":  # a batch is real demand
        save_own_run(lease.run_id, lease.model_arn, receipt.started_at, receipt.stopped_at or now)
