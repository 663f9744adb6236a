"""The counts of steps, made up second by second."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lambdas.capacity.saturated import SaturatedModel
from lambdas.capacity.step_checks import LoadTest
from lambdas.capacity.step_plans import SearchLimits
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


def steady(plan: StepPlan, accepted: int, throttled: int = 0, latency_s: float = 0.1) -> StepCounts:
    """A step with these counts in each second."""
    seconds = math.ceil(plan.longest_s)
    one = worker([accepted] * seconds, [throttled] * seconds, seconds=plan.max_s, latency_s=latency_s)
    return StepCounts(plan, [replace(one, workers=plan.workers)])


def saturated(level: Sequence[int], elapsed_s: float = 20.0) -> SaturatedModel:
    """A model that a ramp of 16 lanes has saturated; its first second is that of the first throttle."""
    counts = [level[0], *level]
    seconds = float(len(counts))
    plan = StepPlan("ramp", 16, 1, seconds, seconds, seconds)
    model = SaturatedModel(LoadTest(SearchLimits(), elapsed_s), StepCounts(plan, [worker(counts, [20] * len(counts))]))
    assert list(model.first_look.counts) == list(level)
    return model


def in_parts(closed: tuple[int, int], evenly: tuple[int, int]) -> Callable[[StepPlan], StepCounts]:
    """What each second of the closed loop accepted and throttled, and each second of the paced part after it."""

    def reply(plan: StepPlan) -> StepCounts:
        before, after = math.ceil(plan.max_s), math.ceil(plan.longest_s) - math.ceil(plan.max_s)
        accepted, throttled = ([one] * before + [other] * after for one, other in zip(closed, evenly, strict=True))
        one = worker(accepted, throttled, seconds=plan.max_s)
        return StepCounts(plan, [replace(one, workers=plan.workers)])

    return reply


Reply = StepCounts | tuple[int, int] | tuple[int, int, float] | Callable[[StepPlan], StepCounts]


@dataclass
class Played:
    """The plans that a part of the method asks for, and its result."""

    plans: list[StepPlan] = field(default_factory=list)
    result: Any = None

    @classmethod
    def of(cls, steps: Generator[StepPlan, StepCounts, Any], *replies: Reply) -> Played:
        """Answer each plan in turn: with counts, or what each second accepted and throttled, and the latency."""
        played, left = cls(), iter(replies)
        try:
            plan = next(steps)
            while True:
                played.plans.append(plan)
                reply = next(left)
                if isinstance(reply, tuple):
                    reply = steady(plan, *reply)
                plan = steps.send(reply(plan) if callable(reply) else reply)
        except StopIteration as end:
            played.result = end.value
        return played
