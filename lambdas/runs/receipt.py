"""The receipt of a run: how the model was found and left, how long it ran, and what that came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from iu_tuner.formats import iso, rounded
from lambdas.models.lease import Lease
from lambdas.runs.progress import Progress
from lambdas.runs.run import Run

CleanupTrigger = Literal["finally", "rule", "janitor", "stack deletion"]


@dataclass(frozen=True)
class Receipt:
    """`status_after` was read back from the service; times in seconds since the epoch, money in USD."""

    settled_by: CleanupTrigger
    settled_at: float
    status_before: str | None
    status_after: str
    started_at: float | None
    stopped_at: float | None
    inference_unit_hours: float
    usd: float
    min_inference_units: int | None = None  # read back with the status
    max_inference_units: int | None = None
    applied: bool = False  # it was left running with the units that the run recommends
    not_applied: str | None = None  # why not, where that was wanted

    @classmethod
    def of(
        cls,
        lease: Lease,
        known: tuple[Run, Progress] | None,
        status_after: str,
        *,
        by: CleanupTrigger,
        now: float,
        units: tuple[int | None, int | None] = (None, None),
        applied: bool = False,
    ) -> Receipt:
        """From the lease and what is known of the run; None: it ended before it had touched the model.

        `units` are the least and the most that were read back with the status.
        """
        started_at = stopped_at = None
        hours = usd = 0.0
        if known is not None:
            run, progress = known
            started_at, stopped_at = progress.ran
            hours = progress.unit_hours(run.inference_units, now) + _hours_given_up(lease, progress, now)
            usd = hours * run.usd_per_unit_hour
        return cls(
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
        )

    @classmethod
    def from_mapping(cls, values: dict[str, Any]) -> Receipt:
        """The inverse of dataclasses.asdict."""
        return cls(**values)


def _hours_given_up(lease: Lease, progress: Progress, now: float) -> float:
    """Inference-unit hours, at most, of a model that was restarted to be left running, and then had to be stopped."""
    if lease.owes == "apply" or not lease.apply_arrived(progress) or progress.stopped_at is None:
        return 0.0
    since = max(progress.starting_at or 0.0, progress.stopped_at)
    return (lease.max_units_decided or 1) * (now - since) / 3600


def model_left(receipt: Receipt) -> dict[str, Any]:
    """How the model was found and left, and what that cost."""
    return {
        "statusBefore": receipt.status_before,
        "statusAfter": receipt.status_after,
        "startedAt": iso(receipt.started_at),
        "stoppedAt": iso(receipt.stopped_at),
        "inferenceUnitHours": rounded(receipt.inference_unit_hours, 4),
        "usd": rounded(receipt.usd, 4),
    }
