"""The counts of steps, made up second by second."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lambdas.load.counts import StepCounts, WorkerCounts
from lambdas.load.histogram import LatencyHistogram
from lambdas.load.step import StepPlan


def worker(
    accepted: Sequence[int], throttled: Sequence[int] = (), *, seconds: float | None = None, latency_s: float = 0.1
) -> WorkerCounts:
    """A worker that was ready in time and had a reply to each accepted request in the same second."""
    latency = LatencyHistogram()
    for _ in range(sum(accepted)):
        latency.add(latency_s)
    length_s = len(accepted) if seconds is None else seconds
    return WorkerCounts(accepted, throttled, (), accepted, {}, latency, length_s, -0.1, client_utilization=1.0)


def steady(plan: StepPlan, accepted: int, throttled: int = 0, *, latency_s: float = 0.1) -> StepCounts:
    """A step with these counts in each second."""
    seconds = math.ceil(plan.longest_s)
    one = worker([accepted] * seconds, [throttled] * seconds, seconds=plan.max_s, latency_s=latency_s)
    return StepCounts(plan, [replace(one, workers=plan.workers)])


@dataclass
class Played:
    """The plans that a part of the method asks for, and its result."""

    plans: list[StepPlan] = field(default_factory=list)
    result: Any = None

    @classmethod
    def of(cls, steps: Generator[StepPlan, StepCounts, Any], *counts: tuple[int, int]) -> Played:
        """Answer each plan in turn with the counts (accepted, throttled) of each of its seconds."""
        played, replies = cls(), iter(counts)
        try:
            plan = next(steps)
            while True:
                played.plans.append(plan)
                accepted, throttled = next(replies)
                plan = steps.send(steady(plan, accepted, throttled))
        except StopIteration as end:
            played.result = end.value
        return played
