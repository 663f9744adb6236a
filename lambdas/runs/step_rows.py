"""The rows of the output for steps, requests, rates and latencies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from iu_tuner.contract.output.json_values import to_json
from iu_tuner.contract.output.measured import CleanTpsOutput, IntervalOutput, LatencyOutput, RequestsOutput, StepOutput
from iu_tuner.formats import rounded
from lambdas.capacity.confirmation import paced_part, paced_seconds
from lambdas.capacity.measurement import CleanRate
from lambdas.capacity.rates.interval import CONFIDENCE, Interval
from lambdas.load.counts import StepCounts
from lambdas.load.histogram import LatencyHistogram, latencies_for
from lambdas.load.measured_step import MeasuredStep


def step_rows(steps: Sequence[MeasuredStep]) -> tuple[StepOutput, ...]:
    """`steps` of the output."""
    return tuple(step_row(step.counts) for step in steps)


def step_row(counts: StepCounts) -> StepOutput:
    """A step as the output shows it."""
    accepted, failed = sum(counts.accepted), sum(counts.failed)
    seconds = counts.seconds + counts.plan.paced_s
    latency, is_paced = counts.latency, counts.plan.paced_tps > 0
    by_second = paced_part(counts).accepted_by_second if is_paced else _closed_loop(counts)
    return StepOutput(
        phase=counts.plan.phase,
        concurrency=counts.plan.lanes,
        workers=counts.plan.workers,
        seconds=rounded(seconds, 2),
        accepted=accepted,
        throttled=sum(counts.throttled),
        failed=failed,
        accepted_tps=rounded(accepted / seconds, 2) if seconds else 0.0,
        failed_tps=rounded(failed / seconds, 2) if seconds else 0.0,
        min_ms=rounded(latency.quantile_ms(0.0), 0),
        mean_ms=rounded(latency.mean_ms, 0),
        p50_ms=rounded(latency.quantile_ms(0.5), 0),
        p95_ms=rounded(latency.quantile_ms(0.95), 0),
        max_ms=rounded(latency.quantile_ms(1.0), 0),
        late_sends=counts.late,
        intended_tps=rounded(counts.plan.paced_tps, 2) if is_paced else None,
        offered_tps=rounded(_offered_tps(counts), 2) if is_paced else None,
        drift_percent=rounded(_drift_percent(by_second), 1),
        stalled_seconds=counts.spoilt_seconds,
        worker_cpu_share=rounded(counts.cpu_share, 2),
        worker_bytes_per_s=rounded(counts.bytes_per_s, 0),
        series=counts.plan.series if counts.plan.series != "main" else None,
    )


def _closed_loop(counts: StepCounts) -> list[int]:
    """Accepted requests of each whole second that no stall spoilt."""
    accepted = [*counts.accepted, *[0] * counts.whole_seconds]
    return [accepted[second] for second in counts.usable_seconds]


def _offered_tps(counts: StepCounts) -> float:
    """Requests sent per second of the paced part that counts."""
    first, last = paced_seconds(counts.plan)
    sent_count = sum(sum(outcome[first:last]) for outcome in (counts.accepted, counts.throttled, counts.failed))
    return sent_count / max(1, last - first)


def _drift_percent(by_second: Sequence[int]) -> float | None:
    """The change in percent from the first half of the seconds to the second. Returns None if nothing was accepted."""
    half = len(by_second) // 2
    first, second = sum(by_second[:half]), sum(by_second[len(by_second) - half :])
    return 100 * (second / first - 1) if first else None


def steps_table(steps: Sequence[StepOutput]) -> list[list[Any]]:
    """The steps as rows of a CSV file; the first row names the columns. Empty if there are no steps."""
    rows = [to_json(replace(step, series=step.series or "main")) for step in steps]
    return [list(rows[0]), *(list(row.values()) for row in rows)] if rows else []


def requests_row(steps: Sequence[MeasuredStep]) -> RequestsOutput:
    """`requests` of the output."""
    failures = sum((step.counts.failures for step in steps), Counter[str]())
    return RequestsOutput(
        sent=sum(step.counts.sent for step in steps),
        accepted=sum(sum(step.counts.accepted) for step in steps),
        throttled=sum(sum(step.counts.throttled) for step in steps),
        failed=sum(sum(step.counts.failed) for step in steps),
        failures=dict(failures.most_common()),
    )


def measured_so_far(steps: Sequence[MeasuredStep]) -> dict[str, Any]:
    """The steps and requests of a run without an answer, as JSON values."""
    return {"steps": to_json(step_rows(steps)), "requests": to_json(requests_row(steps))}


def interval_row(interval: Interval | None, *, confidence: float | None = CONFIDENCE) -> IntervalOutput:
    """A rate with its interval as the output shows it; all its values are None if `interval` is None."""
    if interval is None:
        return IntervalOutput(None, None, None, confidence)
    return IntervalOutput(
        rounded(interval.estimate, 3), rounded(interval.low, 3), rounded(interval.high, 3), confidence
    )


def clean_row(clean_rate: CleanRate | None) -> CleanTpsOutput:
    """`cleanTps` of the output: a rate that passed, or nulls."""
    if clean_rate is None:
        return CleanTpsOutput(None, None)
    return CleanTpsOutput(rounded(clean_rate.tps, 2), rounded(clean_rate.throttle_ratio_below, 3))


def latency_row(latency: LatencyHistogram) -> LatencyOutput:
    """`latencyMs` of the output. A percentile that too few latencies show is null, with the number that it needs."""
    missing_counts = {q: latencies_for(q) - latency.count for q in (0.95, 0.99)}

    def percentile(q: float) -> float | None:
        return rounded(latency.quantile_ms(q), 0) if missing_counts[q] <= 0 else None

    def needs(q: float) -> int | None:
        return missing_counts[q] if missing_counts[q] > 0 else None

    return LatencyOutput(
        p50=rounded(latency.quantile_ms(0.5), 0),
        p95=percentile(0.95),
        p99=percentile(0.99),
        p95_at_most=rounded(latency.quantile_at_most_ms(0.95), 0),
        p99_at_most=rounded(latency.quantile_at_most_ms(0.99), 0),
        p95_needs=needs(0.95),
        p99_needs=needs(0.99),
        samples=latency.count,
    )
