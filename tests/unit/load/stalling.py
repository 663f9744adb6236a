"""A load client in virtual time whose first worker stalls now and then, and notices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from lambdas.load.counts import StepCounts, WorkerCounts
from lambdas.load.heartbeat import BEAT_INTERVAL_S, Beat, Heartbeat
from lambdas.load.step import StepPlan
from lambdas.load.worker_step import ImageCycle, WorkerStep
from simulation.virtual_time import Sleeper, VirtualClient

Stall = tuple[float, float]  # from when to when, in seconds since the start of a step


class StallingClient(VirtualClient):
    """`stalls`: those of worker 0 in each step. Nothing in it runs meanwhile; what was due runs at their end."""

    def __init__(self, *arguments: Any, stalls: Sequence[Stall] = (), notices: bool = True, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.stalls = stalls
        self.notices = notices

    def run_step(self, plan: StepPlan) -> StepCounts:
        """As the parent does."""
        counts = super().run_step(plan)
        first, *others = counts.workers
        noticed = replace(first, stalled=self._noticed(first, plan)) if self.notices else first
        return StepCounts(plan, [noticed, *others])

    def _lane(
        self, step: WorkerStep, images: ImageCycle, zero_s: float, paced: Iterator[float], *, closed: bool
    ) -> Sleeper:
        lane = super()._lane(step, images, zero_s, paced, closed=closed)
        return lane if step.worker else self._held_up(lane, zero_s)

    def _held_up(self, lane: Sleeper, zero_s: float) -> Sleeper:
        due_s = next(lane)
        while True:
            now_s = yield self._runs_at(due_s - zero_s) + zero_s
            try:
                due_s = lane.send(now_s)
            except StopIteration:
                return

    def _noticed(self, counts: WorkerCounts, plan: StepPlan) -> list[int]:
        heartbeat, now_s = Heartbeat(), -1.0
        until_s = plan.longest_s if plan.paced_tps else counts.seconds
        while now_s < until_s:
            heartbeat.beat(Beat(now_s), until_s)
            now_s = self._runs_at(now_s + BEAT_INTERVAL_S)
        return heartbeat.stalled

    def _runs_at(self, due_s: float) -> float:
        return next((end_s for start_s, end_s in self.stalls if start_s <= due_s < end_s), due_s)
