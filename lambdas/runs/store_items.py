"""Converts a run, its progress and its counts to DynamoDB items and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from iu_tuner.contract.output.live_run import Receipt
from lambdas.aws.table import Json, as_json
from lambdas.load.counts import StepCounts, WorkerCounts
from lambdas.load.histogram import LatencyHistogram
from lambdas.load.measured_step import MeasuredStep
from lambdas.load.step import StepPlan
from lambdas.runs.progress import Progress
from lambdas.runs.run import Run

RUN, PROGRESS = Json(Run), Json(Progress)


def receipt_of(item: Mapping[str, Any]) -> Receipt | None:
    """The receipt in a run's own item. Returns None if it has none yet."""
    return Receipt.read(item["receipt"]) if "receipt" in item else None


def counts_item(counts: WorkerCounts) -> dict[str, Any]:
    """One worker's counts as an item's attributes: three numbers for human readers, and `counts` for `counts_of`.

    As maps and lists the counts would be about a hundred attribute values: PlanStep would take seconds to read a step
    of 1,000 workers, and each item would need a second write unit.
    """
    return {
        "accepted": sum(counts.accepted),
        "throttled": sum(counts.throttled),
        "failed": sum(counts.failed),
        "counts": as_json(
            {
                "perSecond": {
                    "accepted": list(counts.accepted),
                    "throttled": list(counts.throttled),
                    "failed": list(counts.failed),
                    "completed": list(counts.completed),
                },
                "failures": dict(counts.failures),
                "latency": counts.latency.as_mapping(),
                "seconds": round(counts.seconds, 6),
                "readyS": round(counts.ready_s, 6),
                "busyShare": round(counts.client_utilization, 6),
                "late": counts.late,
                "workers": counts.workers,
                "cpuShare": round(counts.cpu_share, 3),
                "bytesPerS": round(counts.bytes_per_s),
                "stalled": list(counts.stalled),
            }
        ),
    }


def counts_of(item: Mapping[str, Any]) -> WorkerCounts:
    """The inverse of `counts_item`; reads only the attribute `counts`."""
    values = json.loads(item["counts"])
    return WorkerCounts(
        **values["perSecond"],
        failures=values["failures"],
        latency=LatencyHistogram.from_mapping(values["latency"]),
        seconds=values["seconds"],
        ready_s=values["readyS"],
        client_utilization=values["busyShare"],
        late=values["late"],
        workers=values["workers"],
        cpu_share=values["cpuShare"],
        bytes_per_s=values["bytesPerS"],
        stalled=values["stalled"],
    )


def step_item(plan: StepPlan, start_at: float, lead_s: float) -> dict[str, Any]:
    """A step's plan and start as an item's attributes."""
    return {"plan": as_json(plan.as_mapping()), "startAt": start_at, "leadS": lead_s}


def measured_step(number: int, item: Mapping[str, Any], workers: Iterable[Mapping[str, Any]]) -> MeasuredStep:
    """Read a step from its own item and those of its workers."""
    plan = StepPlan.from_mapping(json.loads(item["plan"]))
    counts = StepCounts(plan, [counts_of(worker) for worker in workers], int(item.get("refusedWorkers", 0)))
    return MeasuredStep(number, float(item["startAt"]), float(item["leadS"]), counts)


def closed_item(step: MeasuredStep) -> dict[str, Any]:
    """A step with merged counts as an item's attributes; without `counts` if those of all workers were lost."""
    counts = counts_item(step.counts.workers[0]) if step.counts.workers else {}
    refused = {"refusedWorkers": step.counts.refused_workers} if step.counts.refused_workers else {}
    return {**step_item(step.counts.plan, step.start_at, step.lead_s), **counts, **refused}


def closed_step(item: Mapping[str, Any]) -> MeasuredStep:
    """The inverse of `closed_item`."""
    number = int(item["sk"].split("#")[1])
    return measured_step(number, item, [item] if "counts" in item else [])
