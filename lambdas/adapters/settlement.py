"""Settling a lease: one look at the model, one move towards what the run owes it.

Every road that ends a run comes through here: the state machine's own finally, and each layer of the
safety net. They may do so at the same time; every move may be made twice.
"""

from __future__ import annotations

import time

from lambdas.adapters.announcements import tell_failed, tell_settled
from lambdas.adapters.leases import lease_book
from lambdas.adapters.rekognition import RekognitionModel, rekognition_client
from lambdas.adapters.run_store import run_store
from lambdas.capacity.errors import ModelNotFound
from lambdas.capacity.lease import Lease
from lambdas.capacity.model_status import DELETED, ModelState
from lambdas.capacity.receipt import Receipt, Settler

_PHASES = {
    ("stop", False): "stopping",
    ("stop", True): "stopped",
    ("restore", False): "restoring",
    ("restore", True): "restored",
}


def settle(lease: Lease, *, by: Settler) -> bool:
    """Close the lease, look, and move; True when nothing is owed any more, and the lease is released.

    False: wait, then come again; only the next look tells what came of the move.
    """
    book = lease_book()
    closed = book.close(lease)
    if closed is None:
        return True
    if closed.project_arn is None or closed.owes == "nothing":
        book.release(closed)
        return True
    model = RekognitionModel(rekognition_client(), closed.model_arn, closed.project_arn)
    state, now = _look(model), time.time()
    seen = closed.after_look(state)
    move = seen.next_move(state, now)
    book.keep(seen.asking_to_stop(now) if move == "stop" else seen, instead_of=closed)
    if move == "stop":
        model.stop()
    _note(closed, state, by=by, done=move == "done")
    if move == "start":  # which may be refused for good: what was seen has been kept
        model.start(closed.units_found or 1, closed.max_units_found)
    if move == "done":
        book.release(closed)
    return move == "done"


def settle_ended(lease: Lease, status: str, *, by: Settler) -> bool:
    """Settle the lease of an execution that ended with this status; what no state explained is explained here."""
    done = settle(lease, by=by)
    if done and status not in ("FAILED", "SUCCEEDED"):
        run_store(lease.run_id).fail(status, _why(status))
    if done and not tell_ended(lease.run_id, lease.model_arn, status) and status == "FAILED":
        tell_settled(lease.run_id, lease.model_arn)
    return done


def tell_ended(run_id: str, model_arn: str | None, status: str) -> bool:
    """Tell of an execution that ended with this status, if no state of it has done so; has it been told now?"""
    return status != "SUCCEEDED" and tell_failed(run_id, model_arn, status, _why(status))


def _why(status: str) -> str:
    return f"the execution ended as {status}, with no answer; its receipt tells how the model was left"


def _look(model: RekognitionModel) -> ModelState:
    try:
        return model.look()
    except ModelNotFound:
        return ModelState(DELETED)


def _note(lease: Lease, state: ModelState, *, by: Settler, done: bool) -> None:
    """The receipt, on the run's item."""
    store, now = run_store(lease.run_id), time.time()
    known = store.known_if_prepared()
    if known is not None and (progress := known[1].after_look(state, now)) != known[1]:
        store.note(progress)
        known = known[0], progress
    receipt = Receipt.of(lease, known, state.status, by=by, now=now)
    store.settling(receipt, phase=_PHASES[lease.owes, done], final=done)
