"""The counts of a step's workers as those of one: a thousand of them are read once, and kept as small as one's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lambdas.load.counts import StepCounts, WorkerCounts
from lambdas.load.measured_step import MeasuredStep


def merged_step(step: MeasuredStep) -> MeasuredStep:
    """The step with its workers' counts merged. Nothing that anybody asks of a step changes by it."""
    return replace(step, counts=replace(step.counts, workers=merged(step.counts)))


def merged(counts: StepCounts) -> Sequence[WorkerCounts]:
    """One entry for all workers that reported; none where all were lost."""
    workers = counts.workers
    if len(workers) < 2:
        return workers
    return [
        WorkerCounts(
            accepted=counts.accepted,
            throttled=counts.throttled,
            failed=counts.failed,
            completed=counts.completed,
            failures=counts.failures,
            latency=counts.latency,
            seconds=counts.seconds,
            ready_s=max(worker.ready_s for worker in workers),
            client_utilization=counts.client_utilization,
            late=counts.late,
            workers=sum(worker.workers for worker in workers),
            cpu_share=counts.cpu_share,
            bytes_per_s=counts.bytes_per_s,
            stalled=counts.stalled,
        )
    ]
