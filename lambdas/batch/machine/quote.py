"""QuoteBatch: hours and dollars of the images to process, and the inference units. The last state before the start."""

from __future__ import annotations

import time
from dataclasses import replace

from iu_tuner.contract.batch.batch_input import UnitsRange
from iu_tuner.contract.batch.output import BatchImages
from lambdas.batch.machine.live import live_batch
from lambdas.batch.machine.run import BatchRun, LoadedBatch, batch_store, with_units
from lambdas.batch.quote import Quote, choose_units, quote, require_possible
from lambdas.batch.unit_capacity import EXPECTED_START_S, EXPECTED_STOP_S, Capacity
from lambdas.models.lease_store import lease_store

UNMEASURED_WARNING = (
    "this model has no usable measurement, so there was no quote before the start, and neither its deadline nor its"
    " cost could be checked: measure it, give tps, or measureFirst; the run found its rate by a slow start"
)


def quote_batch(run_id: str) -> bool:
    """Choose the inference units, and check deadline and limits. Returns whether there is anything to process.

    Raises:
        DeadlineImpossible, BudgetExceeded, ModelLost
    """
    store, now = batch_store(run_id), time.time()
    batch = store.load()
    lease_store().renew(batch.run.model_arn, run_id, now)
    tally = store.shards.load().tally(store.shards.records())
    if not tally.left:
        store.save_state(batch.state, live_batch(batch, tally))
        return False
    capacity = capacity_of(batch.run)
    quote_or_units = _quote_or_units(batch.run, tally, capacity, now)
    run = _with_units(batch.run, quote_or_units)
    if capacity is None and not run.input.measure_first:
        run = replace(run, warnings=(*run.warnings, UNMEASURED_WARNING))
    known_quote = quote_or_units if isinstance(quote_or_units, Quote) else None
    state = replace(
        batch.state,
        capacity=capacity,
        expected_usd=known_quote.usd if known_quote else None,
        expected_hours=known_quote.hours if known_quote else None,
    )
    store.save_plan(run, phase="starting")
    store.save_state(state, live_batch(LoadedBatch(run, batch.progress, state), tally))
    return True


def capacity_of(run: BatchRun) -> Capacity | None:
    """What one inference unit carries and costs. Returns None without a measurement."""
    if run.measured is None:
        return None
    start_s = 0.0 if run.found_running else EXPECTED_START_S
    tps = run.measured.clean_tps or run.measured.tps
    return Capacity(tps, run.usd_per_unit_hour, run.quota, start_s)


def _quote_or_units(run: BatchRun, images: BatchImages, capacity: Capacity | None, now: float) -> Quote | int:
    """The quote, or only the inference units without a measurement."""
    units_input = run.input.units
    if run.found_running and units_input == "deadline" and run.deadline_at is None:
        units_input = run.inference_units  # a model that runs keeps its own
    if capacity is not None:
        within_s = None if run.deadline_at is None else run.deadline_at - now
        return quote(images.left, units_input, run.input.limits, capacity, within_s)
    if run.deadline_at is not None:
        overhead_s = EXPECTED_STOP_S + (0.0 if run.found_running else EXPECTED_START_S)
        require_possible(images.left, run.deadline_at - now, overhead_s, run.account_tps)
    unknown_capacity = Capacity(1.0, run.usd_per_unit_hour, run.quota)
    return choose_units(images.left, units_input, unknown_capacity, None)


def _with_units(run: BatchRun, quote_or_units: Quote | int) -> BatchRun:
    units = quote_or_units.inference_units if isinstance(quote_or_units, Quote) else quote_or_units
    units_input = run.input.units
    scales_to = units_input.max if isinstance(units_input, UnitsRange) and units_input.max > units_input.min else None
    keeps_units = run.found_running and units_input == "deadline" and run.deadline_at is None
    return with_units(run, units, None if keeps_units else units, scales_to)
