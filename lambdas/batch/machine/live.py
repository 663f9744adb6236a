"""The progress of a batch as clients show it. Pure."""

from __future__ import annotations

from iu_tuner.contract.batch.live_batch import LiveBatch
from iu_tuner.contract.batch.output import BatchImages
from lambdas.batch.machine.run import LoadedBatch
from lambdas.batch.unit_capacity import Capacity


def live_batch(batch: LoadedBatch, images: BatchImages) -> LiveBatch:
    """The progress of the batch with these images."""
    state = batch.state
    return LiveBatch(
        images.listed,
        images.current,
        images.done,
        images.failed,
        batch.units,
        measured_tps(state.capacity, batch.units),
        state.began_at,
        batch.run.deadline_at,
        state.expected_usd,
        state.expected_hours,
        batch.run.usd_per_unit_hour,
    )


def measured_tps(capacity: Capacity | None, units: int) -> float | None:
    """The measured rate of so many inference units in images per second."""
    return None if capacity is None else capacity.tps_per_unit * units
