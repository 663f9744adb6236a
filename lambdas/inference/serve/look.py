"""LookAtUploads: one look at a model that runs for uploads, until it is idle or a limit is reached.

Then the gates are closed, what is in flight is waited for, and the run ends. Uploads that come later stay in the queue.
"""

from __future__ import annotations

import time
from dataclasses import replace

from lambdas.aws.settings import settings
from lambdas.inference.gate import Gate, gate_of
from lambdas.inference.gatekeeper import set_gate
from lambdas.inference.serve.idle import Look, Pause, Quiet
from lambdas.inference.serve.run import ServeRun, ServeState, serve_store
from lambdas.inference.waves.activity import activity_of
from lambdas.inference.waves.queue_counts import QueueCounts, counts_of
from lambdas.models.lease import Lease
from lambdas.models.lease_store import lease_store
from lambdas.models.registry import model_of
from lambdas.models.status import ModelState, require_running

RESERVE_S = 30.0  # of a limit of time or money, for what is in flight and for the request to stop the model
# A batch of uploads takes at most 60 s. Messages in flight longer than that wait for another attempt.
MAX_CLOSING_S = 90.0


def look_at_uploads(run_id: str) -> int | None:
    """Look once. Returns the seconds until the next look, or None if the run ends and its model can be released.

    Raises:
        ModelLost, ClientError, BotoCoreError
    """
    store, now = serve_store(run_id), time.time()
    run, progress, state = store.load()
    lease = lease_store().renew(run.model_arn, run_id, now)
    counts = [counts_of(url) for url, _ in run.queues]
    state = replace(state, waiting=sum(queue_counts.messages for queue_counts in counts if queue_counts))

    def save(new_state: ServeState, phase: str) -> None:
        store.save_state(new_state, run.live(new_state, run.spent_usd(progress, now), now), phase=phase)

    if state.closing_at is not None:
        save(state, "closing")
        return _until_closed(run, counts, now - state.closing_at)
    model_state = model_of(run.model_arn, run.project_arn).look()
    require_running(model_state)
    are_open = _open_gates(run, model_state, lease)
    state = _state_after_look(run, state, counts, are_open=are_open, now=now)
    assert state.quiet is not None, "it was just looked"
    remaining = run.remaining(progress, now)
    is_idle = state.quiet.is_idle(run.idle_s, now)
    if not is_idle and remaining.seconds > RESERVE_S:
        save(state, "serving")
        wait = Pause(settings().model_poll_s, run.idle_s).until_next(state.quiet, now, run.started_epoch)
        return max(1, min(wait, int(remaining.seconds - RESERVE_S)))
    limit = None if is_idle else remaining.limit
    save(replace(state, closing_at=now, limit=limit), "closing")
    if lease.owes != "stop":  # it was found running, and keeps running
        return None
    lease_store().save(replace(lease, ends_serving=True))  # first, so that the gates stay closed
    for gate in _gates(run):
        gate.set(is_open=False)
    return settings().model_poll_s


def _state_after_look(
    run: ServeRun, state: ServeState, counts: list[QueueCounts | None], *, are_open: bool, now: float
) -> ServeState:
    """The state after a look. As long as a gate is not open, or a queue can't be read, there may be something to do."""
    activity = activity_of(run.model_arn)
    messages = sum(each.messages if each else 1 for each in counts) + (0 if are_open else 1)
    quiet = (state.quiet or Quiet(now, activity.batches)).after(
        Look(now, messages, activity.batches, activity.active_at)
    )
    state = replace(state, quiet=quiet, opened_at=state.opened_at or now)
    return state.with_results(activity.images_done - run.done_before, activity.active_at)


def _open_gates(run: ServeRun, state: ModelState, lease: Lease) -> bool:
    """Open the gates. Returns whether all of them were open before, as far as is known, and should be."""
    gates = [set_gate(run.model_arn, arn, state, lease) for _, arn in run.queues]
    return all(was_open and pace is not None for was_open, pace in gates)


def _until_closed(run: ServeRun, counts: list[QueueCounts | None], closing_s: float) -> int | None:
    """The seconds until the next look, or None if the gates are closed and nothing is in flight any more."""
    gates = _gates(run)
    for gate in gates:
        gate.set(is_open=False)
    is_over = all(gate.is_open is False for gate in gates) and not any(each.in_flight for each in counts if each)
    return None if is_over or closing_s > MAX_CLOSING_S else settings().model_poll_s


def _gates(run: ServeRun) -> list[Gate]:
    return [gate_of(arn) for _, arn in run.queues]
