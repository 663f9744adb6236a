"""The receipt of a run: how the model was found and left, how long it ran, and what that came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from lambdas.capacity.lease import Lease
from lambdas.capacity.run import Progress, Run

Settler = Literal["finally", "rule", "janitor", "stack deletion"]


@dataclass(frozen=True)
class Receipt:
    """`status_after` was read back from the service; times in seconds since the epoch, money in USD."""

    settled_by: Settler
    settled_at: float
    status_before: str | None
    status_after: str
    started_at: float | None
    stopped_at: float | None
    inference_unit_hours: float
    usd: float

    @classmethod
    def of(
        cls,
        lease: Lease,
        known: tuple[Run, Progress] | None,
        status_after: str,
        *,
        by: Settler,
        now: float,
    ) -> Receipt:
        """From the lease and what is known of the run; None: it ended before it had touched the model."""
        started_at = stopped_at = None
        hours = usd = 0.0
        if known is not None:
            run, progress = known
            started_at, stopped_at = progress.running_since, progress.stopped_at
            seconds = progress.running_s(now)
            hours, usd = run.tariff.unit_hours(seconds), run.tariff.usd(seconds)
        return cls(by, now, lease.status_found, status_after, started_at, stopped_at, hours, usd)

    @classmethod
    def from_mapping(cls, values: dict[str, Any]) -> Receipt:
        """The inverse of dataclasses.asdict."""
        return cls(**values)
