"""The progress of a batch that goes on: the Lambdas write it into the run's item, and clients read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from iu_tuner.contract.output.json_values import from_json
from iu_tuner.contract.output.live_run import LiveRun


@dataclass(frozen=True)
class LiveBatch:
    """The images so far, the rate, and the cost in USD. Times are in epoch seconds; None is not known yet.

    `done` has the images with a new result, `measured_tps` is the rate that was measured with these inference units.
    """

    listed: int
    current: int = 0
    done: int = 0
    failed: int = 0
    inference_units: int | None = None
    measured_tps: float | None = None
    began_at: float | None = None
    deadline_at: float | None = None
    expected_usd: float | None = None
    expected_hours: float | None = None
    usd_per_unit_hour: float | None = None

    @property
    def open_images(self) -> int:
        """The number of images without an outcome."""
        return self.listed - self.current - self.done - self.failed

    def tps(self, now: float) -> float | None:
        """Images per second since the first round. Returns None before it."""
        if self.began_at is None or now <= self.began_at:
            return None
        return (self.done + self.failed) / (now - self.began_at)

    def seconds_left(self, now: float) -> float | None:
        """The seconds until all images have an outcome, at the rate so far or at the measured one."""
        rate = self.tps(now) or self.measured_tps
        return self.open_images / rate if rate else None

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> LiveBatch | None:
        """Read the run's item. Returns None if it has no progress of a batch.

        The item counts images shard by shard, in between two rounds, in `imagesDone` and `imagesFailed`.
        """
        if "liveBatch" not in item:
            return None
        live_batch = from_json(cls, json.loads(item["liveBatch"]))
        done, failed = int(item.get("imagesDone", 0)), int(item.get("imagesFailed", 0))
        return replace(live_batch, done=max(live_batch.done, done), failed=max(live_batch.failed, failed))


@dataclass(frozen=True)
class LiveBatchRun(LiveRun):
    """The item of a run that is a batch."""

    batch: LiveBatch | None = None


def live_run(item: Mapping[str, Any]) -> LiveRun:
    """Read a run's item, that of a batch or of a measurement."""
    run, batch = LiveRun.of(item), LiveBatch.of(item)
    return run if batch is None else LiveBatchRun(run.phase, run.progress, run.receipt, batch)


def batch_of(run: LiveRun | None) -> LiveBatch | None:
    """The progress of a batch. Returns None if the run is not known, or is no batch."""
    return run.batch if isinstance(run, LiveBatchRun) else None
