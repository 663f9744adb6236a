"""Starts the model: reads its status once and makes one move to RUNNING. Each request is saved before it is sent.

So the cleanup of a run that is ended at this moment knows of a start that may still take effect.
"""

from __future__ import annotations

import time
from dataclasses import replace

from iu_tuner.contract.errors import ModelLost
from lambdas.models.lease import Lease
from lambdas.models.lease_store import lease_store
from lambdas.models.ports import ModelControl
from lambdas.models.registry import model_of
from lambdas.models.status import ModelState, move_to_running
from lambdas.models.tokens import client_token
from lambdas.runs.model_run import ModelRun
from lambdas.runs.progress import Progress
from lambdas.runs.store import run_store


def move_towards_running(run_id: str) -> bool:
    """Returns whether the model runs as the run needs it. If it does not, wait and call again.

    Raises:
        BudgetExceeded, ModelLost, ModelNotStartable, ModelStartFailed, ModelNotFound, AccessDenied
    """
    store, now = run_store(run_id), time.time()
    run, progress_before = store.load_model_run()
    run.budget.check(now - run.started_epoch, run.spent_usd(progress_before, now))
    lease = lease_store().require_held(run.model_arn, run_id)
    model = model_of(run.model_arn, run.project_arn)
    state = model.look()
    waited_s = now - (progress_before.first_look_at or now)
    units = progress_before.units_wanted or run.requested_units
    move = move_to_running(
        state,
        attempts=progress_before.start_attempts,
        waited_s=waited_s,
        units=units,
        looks=progress_before.start_looks,
    )
    if move == "restart" and progress_before.stretches:
        raise ModelLost(
            f"somebody else started the model, with {state.min_inference_units} inference units - run again"
        )
    progress = progress_before.with_look(state, now)
    if move == "start" and lease.is_start_pending(now, progress):
        move = "wait"
    progress = replace(
        progress.without_old_units(state, run.inference_units, now),
        first_look_at=progress_before.first_look_at or now,
        last_look_at=now,
        start_looks=progress_before.start_looks + 1,
    )
    if state.status == "STARTING":
        progress = replace(progress, starting_at=now)
    if move == "use":
        progress = _running(run, progress, progress_before, state)
    elif move == "start":
        progress = replace(progress, start_attempts=progress_before.start_attempts + 1)
    store.save_progress(progress, phase="measuring" if move == "use" else "starting")
    if move == "start":
        token = client_token(lease, "start", progress.up_at)
        start(model, lease, state, progress_before.units_wanted or run.inference_units, token, run.scales_to)
    elif move == "restart":
        restart(model, lease)
    return move == "use"


def start(
    model: ModelControl, lease: Lease, state: ModelState, inference_units: int, token: str, scales_to: int | None = None
) -> None:
    """Request a start of a model in this state; only the next status shows the result.

    With `scales_to` the model auto-scales up to so many inference units.

    Raises:
        ModelLost: another layer is ending the run; nothing was requested.
        ModelNotStartable: the model is FAILED, and the start was refused.
        ModelStartFailed, ModelNotFound, AccessDenied: refused for good.
    """
    lease_store().save(lease.with_start_requested(time.time()))
    # Saved even if the start is refused: that may be the second attempt, after the reply to the first got lost.
    max_units = () if scales_to is None else (scales_to,)
    model.start(inference_units, *max_units, token=token, failed=state if state.status == "FAILED" else None)


def restart(model: ModelControl, lease: Lease) -> None:
    """Stop a running model so that it can start with other inference units.

    Raises:
        ModelLost: another layer is ending the run; nothing was requested. ModelNotFound, AccessDenied.
    """
    now = time.time()
    lease_store().save(lease.with_restart_requested(now))
    model.stop(token=client_token(lease, "stop", now))


def _running(run: ModelRun, progress: Progress, progress_before: Progress, state: ModelState) -> Progress:
    # The model was not RUNNING at the last poll: a count from there never bills too little.
    running_since = progress.running_since or progress_before.last_look_at or run.started_epoch
    if progress_before.units_wanted is not None:
        return replace(progress, running_since=running_since)
    units = state.min_inference_units
    return replace(progress, running_since=running_since, inference_units=units, auto_scales_to=state.auto_scales_to)
