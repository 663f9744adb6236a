"""The run's answer in the words of the public interface: the execution's output, as plain JSON values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from lambdas.capacity.estimator import CONFIDENCE, Interval
from lambdas.capacity.histogram import LatencyHistogram
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.recommendation import Recommendation, recommend
from lambdas.capacity.run import Progress, Run
from lambdas.capacity.step import MeasuredStep, StepCounts
from lambdas.capacity.verdict import judge

# Fewer latencies than these make no such percentile.
LATENCIES_FOR_P95 = 60
LATENCIES_FOR_P99 = 300

# Verdicts whose rate says nothing about inference units, and why.
NO_ADVICE = {
    "account-throttled": "The account's quota, not the inference units, limits you, and more of them would not help",
    "unstable": "The measurement is unstable",
}


def findings(run: Run, steps: Sequence[MeasuredStep], found: Measurement) -> dict[str, Any]:
    """What the steps say: the output without the parts that are known when the model has stopped."""
    under_load = sum((step.counts.failures for step in steps if step.number > 0), Counter[str]())
    quick = run.mode == "quick"
    verdict = judge(found, quick=quick, auto_scales_to=run.auto_scales_to, failures=under_load)
    per_unit = _per_unit(found.max_tps, run.inference_units)
    no_advice = NO_ADVICE.get(verdict.word) or (None if per_unit else "No rate was measured")
    if per_unit is None or no_advice:
        advice = Recommendation(None, None, (f"{no_advice}: no number of inference units follows",), ())
    else:
        advice = recommend(per_unit, run.wanted, run.usd_per_unit_hour)
    return {
        "runId": run.run_id,
        "modelArn": run.model_arn,
        "verdict": verdict.word,
        "verdictDetail": verdict.detail,
        "maxTps": _interval(found.max_tps),
        "cleanTps": {
            "rate": _rounded(found.clean.tps, 2) if found.clean else None,
            "throttleRatioBelow": _rounded(found.clean.throttle_ratio_below, 3) if found.clean else None,
        },
        "inferenceUnits": run.inference_units,
        "tpsPerInferenceUnit": _rounded(per_unit.estimate, 3) if per_unit else None,
        "latencyMs": _latency(found.clean.latency if found.clean else LatencyHistogram()),
        "recommendation": _recommendation(advice),
        "steps": [step_row(step.counts) for step in steps],
        "requests": _requests(steps),
    }


def output(
    run: Run, progress: Progress, found: dict[str, Any], *, now: float, report_uri: str
) -> dict[str, Any]:
    """The execution's output: the findings, what they cost, and the receipt of the stop."""
    seconds = progress.running_s(now)
    refused = {image.key for image in progress.refused_images}
    return {
        **found,
        "cost": {
            "runUsd": _rounded(run.tariff.usd(seconds), 4),
            "inferenceUnitHours": _rounded(run.tariff.unit_hours(seconds), 4),
            "pricePerInferenceUnitHourUsd": run.usd_per_unit_hour,
            "expectedUsd": _rounded(run.expected_usd, 4),
        },
        "model": {
            "statusBefore": run.status_before,
            "statusAfter": progress.status_after,
            "startedAt": iso(progress.running_since),
            "stoppedAt": iso(progress.stopped_at),
        },
        "images": {
            "found": run.images_found,
            "used": len(run.images) - len(refused),
            "skippedInAll": run.images_skipped + len(refused),
            "skipped": [{"key": i.key, "reason": i.reason} for i in (*run.skipped, *progress.refused_images)],
        },
        "resultUri": report_uri,
    }


def iso(moment: float | None) -> str | None:
    """Seconds since the epoch as ISO 8601 in UTC."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def steps_table(found: dict[str, Any]) -> list[list[Any]]:
    """The steps as rows, the first one naming the columns."""
    steps = found["steps"]
    return [list(steps[0]), *(list(step.values()) for step in steps)] if steps else []


def _per_unit(max_tps: Interval | None, units: int) -> Interval | None:
    if max_tps is None or max_tps.estimate <= 0:
        return None
    high = None if max_tps.high is None else max_tps.high / units
    return Interval(max_tps.estimate / units, max_tps.low / units, high)


def _interval(max_tps: Interval | None) -> dict[str, Any]:
    return {
        "estimate": _rounded(max_tps.estimate, 3) if max_tps else None,
        "low": _rounded(max_tps.low, 3) if max_tps else None,
        "high": _rounded(max_tps.high, 3) if max_tps else None,
        "confidence": CONFIDENCE,
    }


def _latency(latency: LatencyHistogram) -> dict[str, float | None]:
    return {
        "p50": _rounded(latency.quantile_ms(0.5), 0),
        "p95": _rounded(latency.quantile_ms(0.95), 0) if latency.count >= LATENCIES_FOR_P95 else None,
        "p99": _rounded(latency.quantile_ms(0.99), 0) if latency.count >= LATENCIES_FOR_P99 else None,
        "samples": latency.count,
    }


def _recommendation(advice: Recommendation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "minInferenceUnits": advice.min_inference_units,
        "maxInferenceUnits": advice.max_inference_units,
        "reasons": list(advice.reasons),
        "table": [
            {
                "inferenceUnits": row.inference_units,
                "tps": _rounded(row.tps, 2),
                "usdPerHour": _rounded(row.usd_per_hour, 2),
                "usdPer1000Images": _rounded(row.usd_per_1000_images, 4),
            }
            for row in advice.table
        ],
    }
    if advice.batch:
        described["batch"] = {
            "inferenceUnits": advice.batch.inference_units,
            "hours": _rounded(advice.batch.hours, 3),
            "inferenceUnitHours": _rounded(advice.batch.inference_unit_hours, 3),
            "usd": _rounded(advice.batch.usd, 2),
        }
    return described


def step_row(counts: StepCounts) -> dict[str, Any]:
    """A step as the output shows it."""
    accepted = sum(counts.accepted)
    seconds = counts.seconds + counts.plan.paced_s
    return {
        "phase": counts.plan.phase,
        "concurrency": counts.plan.lanes,
        "workers": counts.plan.workers,
        "seconds": _rounded(seconds, 2),
        "accepted": accepted,
        "throttled": sum(counts.throttled),
        "failed": sum(counts.failed),
        "acceptedTps": _rounded(accepted / seconds, 2) if seconds else 0.0,
        "p50Ms": _rounded(counts.latency.quantile_ms(0.5), 0),
        "p95Ms": _rounded(counts.latency.quantile_ms(0.95), 0),
    }


def _requests(steps: Sequence[MeasuredStep]) -> dict[str, Any]:
    failures = sum((step.counts.failures for step in steps), Counter[str]())
    return {
        "sent": sum(step.counts.sent for step in steps),
        "accepted": sum(sum(step.counts.accepted) for step in steps),
        "throttled": sum(sum(step.counts.throttled) for step in steps),
        "failed": sum(sum(step.counts.failed) for step in steps),
        "failures": dict(failures.most_common()),
    }


def _rounded(value: float | None, digits: int) -> float | None:
    if value is None:
        return None
    return round(value, digits) if digits else round(value)
