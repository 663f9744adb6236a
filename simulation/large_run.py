"""Synthetic counts of a step with a thousand workers, which no laptop can run."""

from __future__ import annotations

import math
from random import Random

from lambdas.load.counts import WorkerCounts
from lambdas.load.histogram import LatencyHistogram
from lambdas.load.step import StepPlan
from lambdas.runs.store import run_store

ACCEPTED_PER_S = 1.5  # of one worker with a saturated model
THROTTLED_PER_S = 2.0
SWING = 0.1  # relative change of the model's rate between seconds; it widens the interval, so that the search continues
LATENCY_S, LATENCY_SIGMA = 0.18, 0.5
LATE_S = 2.4  # after the common start, so that the step has to be repeated


def counted_by(worker: int, plan: StepPlan, number: int, *, late: bool) -> WorkerCounts:
    """One worker's counts of a step with a saturated model, also for its evenly paced part."""
    random = Random(f"{number}/{worker}")
    seconds = math.ceil(plan.extended_s + plan.paced_s)
    accepted = [_about(random, ACCEPTED_PER_S * _swing(number, second)) for second in range(seconds)]
    latency = LatencyHistogram()
    for _ in range(sum(accepted)):
        latency.add(random.lognormvariate(math.log(LATENCY_S), LATENCY_SIGMA))
    return WorkerCounts(
        accepted=accepted,
        throttled=[_about(random, THROTTLED_PER_S) for _ in range(seconds)],
        failed=[0] * (seconds - 1) + [worker % 20 == 0],
        completed=[0, *accepted],
        failures={"InternalServerError": 1} if worker % 20 == 0 else {},
        latency=latency,
        seconds=plan.extended_s,
        ready_s=LATE_S if late else -random.uniform(0.5, 3.0),
        client_utilization=random.uniform(0.95, 1.0),
    )


def report_all(run_id: str, plan: StepPlan, number: int, *, late: bool) -> None:
    """Save the counts of all workers of a step in the runs table; with `late`, the first worker starts too late."""
    store = run_store(run_id)
    for worker in range(plan.workers):
        store.put_counts(number, worker, counted_by(worker, plan, number, late=late and worker == 0))


def _about(random: Random, mean: float) -> int:
    return int(mean) + (random.random() < mean % 1)


def _swing(number: int, second: int) -> float:
    return 1 + SWING * Random(f"{number}, second {second}").uniform(-1, 1)
