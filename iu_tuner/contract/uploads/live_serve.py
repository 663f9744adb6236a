"""The progress of a run for uploads that goes on: the Lambdas write it into the run's item, and clients read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from iu_tuner.contract.output.json_values import from_json
from iu_tuner.contract.output.live_run import LiveRun


@dataclass(frozen=True, kw_only=True)
class LiveServe:
    """A model that runs for uploads, at the last look. Times are in epoch seconds; None is not known yet.

    `done_before` and `failed_before` are the model's numbers of images when the run began, `waiting` messages are in
    the `queue_urls`. Nothing was to do since `idle_since`; after `idle_s` seconds the model is stopped. The model has
    cost `usd` until `usd_at`. `done`, `failed` and `active_at`, the time of the last image, are counted meanwhile.
    """

    queue_urls: tuple[str, ...]
    idle_s: float
    inference_units: int
    usd_per_unit_hour: float
    done_before: int
    failed_before: int
    waiting: int | None = None
    opened_at: float | None = None
    idle_since: float | None = None
    usd: float | None = None
    usd_at: float | None = None
    done: int | None = None
    failed: int | None = None
    active_at: float | None = None

    @property
    def tps(self) -> float | None:
        """Images per second from the opening of the gate to the last image. Returns None without an image."""
        if not self.done or self.opened_at is None or self.active_at is None or self.active_at <= self.opened_at:
            return None
        return self.done / (self.active_at - self.opened_at)

    def usd_until(self, now: float) -> float | None:
        """The cost of a model that still runs. Returns None before the first look."""
        if self.usd is None or self.usd_at is None:
            return None
        return self.usd + self.inference_units * self.usd_per_unit_hour * max(0.0, now - self.usd_at) / 3600

    def idle_for(self, now: float) -> float | None:
        """The seconds without anything to do. Returns None while uploads wait, and before the gate is open."""
        if self.waiting or self.idle_since is None:
            return None
        return max(0.0, now - max(self.idle_since, self.active_at or 0.0))

    @classmethod
    def of(cls, item: Mapping[str, Any], uploads_item: Mapping[str, Any]) -> LiveServe | None:
        """Read the run's item, and the model's item of uploads. Returns None if it is no run for uploads."""
        if "liveServe" not in item:
            return None
        live, active_at = from_json(cls, json.loads(item["liveServe"])), uploads_item.get("activeAt")
        return replace(
            live,
            done=int(uploads_item.get("imagesDone", 0)) - live.done_before,
            failed=int(uploads_item.get("imagesFailed", 0)) - live.failed_before,
            active_at=None if active_at is None else float(active_at),
        )


@dataclass(frozen=True)
class LiveServeRun(LiveRun):
    """The item of a run for uploads."""

    uploads: LiveServe | None = None


def uploads_of(run: LiveRun | None) -> LiveServe | None:
    """The progress of a run for uploads. Returns None if the run is not known, or is no such run."""
    return run.uploads if isinstance(run, LiveServeRun) else None
