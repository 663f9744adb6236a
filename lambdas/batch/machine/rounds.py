"""PlanRound: after each round of workers, another one, other inference units, or the end."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from iu_tuner.contract.batch.batch_input import UnitsRange
from iu_tuner.contract.errors import AccessDenied, RunError, TooManyFailures
from lambdas.aws.logging import logger
from lambdas.batch.machine.live import live_batch
from lambdas.batch.machine.run import BatchState, BatchStore, LoadedBatch, batch_store
from lambdas.batch.measured_round import measured_capacity
from lambdas.batch.next_round import (
    MAX_ROUND_S,
    SHORT_ROUND_S,
    BatchProgress,
    ChangeUnits,
    Finish,
    PaceNow,
    Round,
    Terms,
    next_round,
)
from lambdas.batch.progress import progress_after
from lambdas.models.lease_store import lease_store
from lambdas.models.registry import model_of, usage_of
from lambdas.models.status import ModelState, require_running
from lambdas.processing.first_pace import first_pace
from lambdas.processing.pace_store import PaceStore, pace_store

_END: dict[str, Any] = {"round": None, "restart": False}


def plan_round(run_id: str) -> dict[str, Any]:
    """Plan the next round. Returns `{"round": {"number", "workers", "until"}, "restart"}`; `round` is None if the
    batch ends, or if the model is restarted with other inference units first.

    Raises:
        ModelLost, InternalError
        BudgetExceeded, DeadlineImpossible: by what the first round has measured.
        AccessDenied: the workers of the last round missed a right.
    """
    store, now = batch_store(run_id), time.time()
    batch = store.load()
    if batch.refusal is not None:
        raise AccessDenied(batch.refusal)
    lease_store().renew(batch.run.model_arn, run_id, now)
    shards, records = store.shards.load(), store.shards.records()
    shards = shards.next_round(records)
    store.shards.plan(shards)
    has_new_units = batch.state.units_now not in (None, batch.units)
    progress = progress_after(shards, records, batch.state.progress, has_new_units=has_new_units)
    tally = shards.tally(records)
    began_at = batch.state.began_at or now
    state = replace(batch.state, progress=progress, began_at=began_at, units_now=batch.units)
    move: Round | ChangeUnits | Finish
    if not progress.remaining:  # the model may be stopping: a worker has asked for it
        move = Finish()
    elif batch.progress.scaling_error is not None:  # the restart with other units has failed
        move = Finish(batch.progress.scaling_error)
    else:
        model_state = model_of(batch.run.model_arn, batch.run.project_arn).look()
        require_running(model_state)
        pace = _pace(pace_store(batch.run.model_arn, "batch"), batch, model_state, now)
        terms = _terms(batch, model_state, now)
        move = _move(progress, pace, terms, now)
        if _is_measured_now(batch) and isinstance(move, Round):
            state = _with_measured_rate(state, progress, pace, terms, now, batch.run.usd_per_unit_hour)
    if isinstance(move, Finish):
        state = replace(state, left_because=move.left_because)
    store.save_state(state, live_batch(LoadedBatch(batch.run, batch.progress, state), tally))
    return _answer(store, batch, shards.round, move)


def _answer(store: BatchStore, batch: LoadedBatch, number: int, move: Round | ChangeUnits | Finish) -> dict[str, Any]:
    if isinstance(move, Finish):
        return _END
    if isinstance(move, ChangeUnits):
        restarting = batch.progress.restarting(move.inference_units, probe_number=0, now=time.time())
        store.of_run.save_progress(restarting, phase="starting")
        return {"round": None, "restart": True}
    store.of_run.save_progress(batch.progress, phase="processing")
    return {"round": {"number": number, "workers": move.workers, "until": move.until}, "restart": False}


def _move(progress: BatchProgress, pace: PaceNow, terms: Terms, now: float) -> Round | ChangeUnits | Finish:
    """What comes next. If too many images have failed, Summarise says so, after it has written which ones."""
    try:
        return next_round(progress, pace, terms, now)
    except TooManyFailures as error:
        return Finish(error.sentence)


def _is_measured_now(batch: LoadedBatch) -> bool:
    """Whether the last round was the one that `measureFirst` asks for."""
    return batch.run.input.measure_first and batch.state.capacity is None and batch.state.progress is not None


def _with_measured_rate(
    state: BatchState, progress: BatchProgress, pace: PaceNow, terms: Terms, now: float, usd_per_unit_hour: float
) -> BatchState:
    """The state with what the first round has measured. Raises BudgetExceeded, DeadlineImpossible."""
    capacity, busy_s = measured_capacity(progress, pace, terms, now, usd_per_unit_hour)
    usd = capacity.expected_usd(progress.remaining, pace.inference_units)
    return replace(state, capacity=capacity, expected_usd=usd, expected_hours=busy_s / 3600)


def _units_in_service(batch: LoadedBatch, model_state: ModelState, now: float) -> int | None:
    """The inference units that the model has now. CloudWatch knows those of one that auto-scales."""
    if model_state.auto_scales_to is None:
        return model_state.min_inference_units
    try:
        return usage_of(batch.run.model_arn).units_in_service(now)
    except RunError:
        logger.warning("the inference units in service are not known", exc_info=True)
        return None


def _pace(paces: PaceStore, batch: LoadedBatch, model_state: ModelState, now: float) -> PaceNow:
    """The pace of the model. The first round of a start sets it, unless other work with the model has one."""
    units = _units_in_service(batch, model_state, now)
    start_pace, starts_anew = first_pace(units or batch.units, batch.run.measured), batch.run.input.measure_first
    has_begun = batch.state.progress is None and paces.begin(start_pace, now, starts_anew=starts_anew)
    if units is not None and not has_begun:
        paces.set_units(units)
    pace = paces.load()
    assert pace is not None, "it was just set"
    return PaceNow(pace.rate, pace.cap if pace.is_limited else None, pace.units)


def _terms(batch: LoadedBatch, model_state: ModelState, now: float) -> Terms:
    run, progress = batch.run, batch.progress
    run_input = run.input
    may_change = run_input.units == "deadline" and progress.units_wanted is None and run.after_run == "stop"
    is_to_measure = run_input.measure_first and batch.state.capacity is None
    max_units = run_input.units.max if isinstance(run_input.units, UnitsRange) else run.quota
    return Terms(
        remaining=replace(run, inference_units=batch.units).remaining(progress, now),
        max_failed_percent=run_input.limits.max_failed_percent,
        max_workers=run.max_workers,
        deadline_at=run.deadline_at,
        max_units=max_units if may_change else None,
        max_round_s=MAX_ROUND_S if model_state.auto_scales_to is None and not is_to_measure else SHORT_ROUND_S,
    )
