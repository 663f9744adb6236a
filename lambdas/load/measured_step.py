"""A measured step, the merged counts of its workers, and the time that the next step's workers get to start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lambdas.load.counts import StepCounts, WorkerCounts
from lambdas.load.step import Series

COLD_START_LEAD_S, MIN_LEAD_S, MAX_LEAD_S = 8.0, 3.0, 20.0  # seconds; the first workers of a run start cold


@dataclass(frozen=True)
class MeasuredStep:
    """A stored step of a run: its number, common start (epoch seconds), lead (seconds before it) and counts."""

    number: int
    start_at: float
    lead_s: float
    counts: StepCounts


def counts_of_series(steps: Sequence[MeasuredStep], series: Series) -> list[StepCounts]:
    """The counts of one series' steps in order, without its probe."""
    counts = [step.counts for step in steps]
    return [each for each in counts if each.plan.series == series and each.plan.phase != "probe"]


def observed_s(steps: Sequence[MeasuredStep]) -> float | None:
    """Seconds from the first to the last request of the main series, pauses included. Returns None without steps."""
    load_steps = [step for step in steps if step.counts.plan.series == "main" and step.counts.plan.phase != "probe"]
    if not load_steps:
        return None
    last_step = load_steps[-1]
    return last_step.start_at + last_step.counts.seconds + last_step.counts.plan.paced_s - load_steps[0].start_at


def lead_s(previous: MeasuredStep) -> float:
    """Seconds from planning a step to its common start, in which the workers start and get ready.

    It is twice the time that the previous step's workers took, since the next step has up to twice as many.
    """
    if previous.counts.plan.phase == "probe" or not previous.counts.workers:
        return COLD_START_LEAD_S
    slowest_s = previous.lead_s + max(worker.ready_s for worker in previous.counts.workers)
    return min(MAX_LEAD_S, max(MIN_LEAD_S, 2 * slowest_s))


def merged_step(step: MeasuredStep) -> MeasuredStep:
    """The step with merged counts, so that a thousand workers need as little storage as one.

    All properties of the step stay the same.
    """
    return replace(step, counts=replace(step.counts, workers=merged_workers(step.counts)))


def merged_workers(counts: StepCounts) -> Sequence[WorkerCounts]:
    """One entry for all workers that reported; empty if all were lost."""
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
