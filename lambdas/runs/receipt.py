"""The receipt of a run: how the model was found and left, how long it ran, and what that cost."""

from __future__ import annotations

from iu_tuner.contract.output.live_run import CleanupTrigger, Receipt
from lambdas.models.lease import Lease
from lambdas.runs.model_run import ModelRun
from lambdas.runs.progress import Progress


def make_receipt(
    lease: Lease,
    run_and_progress: tuple[ModelRun, Progress] | None,
    status_after: str,
    *,
    by: CleanupTrigger,
    now: float,
    units: tuple[int | None, int | None] = (None, None),
    applied: bool = False,
    service_status: str = "",
) -> Receipt:
    """Make the receipt from the lease and the run. `run_and_progress` is None if it touched no model.

    `units` are the minimum and maximum inference units that the service returned with the status. `service_status` is
    its own word for the status.
    """
    started_at = stopped_at = None
    hours = usd = 0.0
    if run_and_progress is not None:
        run, progress = run_and_progress
        started_at, stopped_at = progress.running_period
        hours = progress.unit_hours(run.inference_units, now) + _hours_given_up(lease, progress, now)
        usd = hours * run.usd_per_unit_hour
    return Receipt(
        by,
        now,
        lease.status_found,
        status_after,
        started_at,
        stopped_at,
        hours,
        usd,
        *units,
        applied=applied,
        not_applied=lease.not_applied,
        service_status_after=service_status or None,
    )


def _hours_given_up(lease: Lease, progress: Progress, now: float) -> float:
    """Upper bound of the unit hours billed for a restart with the answer that had to be rolled back."""
    if lease.owes == "apply" or not lease.has_apply_arrived(progress) or progress.stopped_at is None:
        return 0.0
    billed_since = max(progress.starting_at or 0.0, progress.stopped_at)
    return (lease.max_units_decided or 1) * (now - billed_since) / 3600
