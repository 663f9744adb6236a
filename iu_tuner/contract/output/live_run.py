"""A run's item in the runs table: the Lambdas write it, and the client that watches the run reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from iu_tuner.contract.output.json_values import from_json
from iu_tuner.contract.output.measured import StepOutput
from iu_tuner.contract.output.result import ModelOutput
from iu_tuner.formats import iso, rounded

CleanupTrigger = Literal["finally", "rule", "janitor", "stack deletion"]


@dataclass(frozen=True)
class CurrentStep:
    """The current step. `series` is the measurement that it belongs to, or None for the main search.

    Its load starts `starts_in_seconds` after this was written, and takes `planned_seconds`, or if throttled up to
    `longest_seconds`. A paced step ends with `paced_seconds` of evenly paced requests at `paced_tps`.
    """

    number: int
    phase: str
    concurrency: int
    workers: int
    series: str | None = None
    starts_in_seconds: float | None = None
    planned_seconds: float | None = None
    longest_seconds: float | None = None
    paced_seconds: float | None = None
    paced_tps: float | None = None


@dataclass(frozen=True)
class CurrentEstimate:
    """Max TPS from the steps so far, with its 95 % interval; if `high` is None, it is a lower bound."""

    tps: float
    low: float
    high: float | None


@dataclass(frozen=True)
class LiveProgress:
    """The requests and the finished steps (the probe is number 0), and the current step."""

    accepted: int
    throttled: int
    failed: int
    steps: tuple[StepOutput, ...]
    step: CurrentStep | None = None
    estimate: CurrentEstimate | None = None


@dataclass(frozen=True)
class Receipt:
    """How the model was left. `status_after` is the status from the service; times in seconds since the epoch."""

    settled_by: CleanupTrigger
    settled_at: float
    status_before: str | None
    status_after: str
    started_at: float | None
    stopped_at: float | None
    inference_unit_hours: float
    usd: float
    min_inference_units: int | None = None
    """as the service reports it with the status, like the maximum"""
    max_inference_units: int | None = None
    applied: bool = False
    """whether the model was left running with the recommended units"""
    not_applied: str | None = None
    """the reason why the recommended units were not applied; None if they were, or if the input does not ask for it"""
    service_status_after: str | None = None
    """the service's own word for `status_after`; None if it is the same"""

    @classmethod
    def read(cls, text: str) -> Receipt:
        """Read the item's attribute `receipt`."""
        return cls(**json.loads(text))

    def write(self) -> str:
        """The inverse of `read`."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    def as_output(self) -> ModelOutput:
        """`model` of the output."""
        return ModelOutput(
            status_before=self.status_before,
            status_after=self.status_after,
            started_at=iso(self.started_at),
            stopped_at=iso(self.stopped_at),
            inference_unit_hours=rounded(self.inference_unit_hours, 4),
            usd=rounded(self.usd, 4),
            service_status_after=self.service_status_after,
        )


@dataclass(frozen=True)
class LiveRun:
    """A run's phase, its live progress and its receipt; the latter two are None as long as they are not known."""

    phase: str
    progress: LiveProgress | None
    receipt: Receipt | None

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> LiveRun:
        """Read the run's item."""
        progress, receipt = item.get("liveProgress"), item.get("receipt")
        return cls(
            str(item.get("phase", "preparing")),
            from_json(LiveProgress, json.loads(progress)) if progress else None,
            Receipt.read(receipt) if receipt else None,
        )
