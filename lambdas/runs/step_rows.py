"""Steps as the output shows them: rows of plain JSON values, and the requests of all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from iu_tuner.formats import rounded
from lambdas.capacity.rates.interval import CONFIDENCE, Interval
from lambdas.load.counts import StepCounts
from lambdas.load.measured_step import MeasuredStep


def measured_so_far(steps: Sequence[MeasuredStep]) -> dict[str, Any]:
    """What a run without an answer leaves: its steps and requests, and no conclusion from them."""
    return {"steps": [step_row(step.counts) for step in steps], "requests": _requests(steps)}


def step_row(counts: StepCounts) -> dict[str, Any]:
    """A step as the output shows it."""
    accepted = sum(counts.accepted)
    seconds = counts.seconds + counts.plan.paced_s
    return {
        "phase": counts.plan.phase,
        "concurrency": counts.plan.lanes,
        "workers": counts.plan.workers,
        "seconds": rounded(seconds, 2),
        "accepted": accepted,
        "throttled": sum(counts.throttled),
        "failed": sum(counts.failed),
        "acceptedTps": rounded(accepted / seconds, 2) if seconds else 0.0,
        "p50Ms": rounded(counts.latency.quantile_ms(0.5), 0),
        "p95Ms": rounded(counts.latency.quantile_ms(0.95), 0),
        "stalledSeconds": counts.spoilt_seconds,
        "workerCpuShare": rounded(counts.cpu_share, 2),
        "workerBytesPerS": rounded(counts.bytes_per_s, 0),
        **({"series": counts.plan.series} if counts.plan.series != "main" else {}),
    }


def steps_table(found: dict[str, Any]) -> list[list[Any]]:
    """The steps as rows, the first one naming the columns; none without steps."""
    rows = [{**step, "series": step.get("series", "main")} for step in found["steps"]]
    return [list(rows[0]), *(list(row.values()) for row in rows)] if rows else []


def _requests(steps: Sequence[MeasuredStep]) -> dict[str, Any]:
    failures = sum((step.counts.failures for step in steps), Counter[str]())
    return {
        "sent": sum(step.counts.sent for step in steps),
        "accepted": sum(sum(step.counts.accepted) for step in steps),
        "throttled": sum(sum(step.counts.throttled) for step in steps),
        "failed": sum(sum(step.counts.failed) for step in steps),
        "failures": dict(failures.most_common()),
    }


def interval_row(max_tps: Interval | None) -> dict[str, Any]:
    """A rate with its interval as the output shows it; None: there is none."""
    return {
        "estimate": rounded(max_tps.estimate, 3) if max_tps else None,
        "low": rounded(max_tps.low, 3) if max_tps else None,
        "high": rounded(max_tps.high, 3) if max_tps else None,
        "confidence": CONFIDENCE,
    }
