"""Picture 2: accepted TPS and latency against concurrency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from iu_tuner.contract.output.result import Output
from iu_tuner.formats import requests_per_second, rounded
from lambdas.load.counts import StepCounts
from lambdas.load.histogram import LATENCIES_FOR_P95, LATENCIES_FOR_P99
from lambdas.load.measured_step import MeasuredStep
from lambdas.reports.page.html.contents import Picture
from lambdas.reports.page.html.formats import milliseconds

TITLE = "What more concurrency bought"
QUEUEING_RATIO = 1.5  # ratio of latencies between two steps; above it, requests wait for each other


def concurrency(steps: Sequence[MeasuredStep], answer: Output) -> Picture:
    """The chart has one point per concurrency, from the last closed-loop step at it."""
    points: dict[int, dict[str, Any]] = {}
    for step in steps:
        counts = step.counts
        if counts.plan.phase not in ("probe", "look", "confirm") and counts.workers and counts.seconds:
            points[counts.plan.lanes] = _point(counts)
    if not points:
        nothing = "No step with a fixed number of concurrent requests came to an end, so there is nothing to compare."
        return Picture("concurrency", TITLE, nothing, None)
    drawn_points = [points[lanes] for lanes in sorted(points)]
    # One bar compares nothing; the sentence has its numbers.
    chart = {"points": drawn_points} if len(drawn_points) > 1 else None
    return Picture("concurrency", TITLE, " ".join(_sentences(drawn_points, answer)), chart)


def _point(counts: StepCounts) -> dict[str, Any]:
    latency, seconds = counts.latency, counts.seconds
    return {
        "lanes": counts.plan.lanes,
        "accepted": rounded(sum(counts.accepted) / seconds, 2),
        "throttled": rounded(sum(counts.throttled) / seconds, 2),
        "failed": rounded(sum(counts.failed) / seconds, 2),
        "p50": rounded(latency.quantile_ms(0.5), 0),
        "p95": rounded(latency.quantile_ms(0.95), 0) if latency.count >= LATENCIES_FOR_P95 else None,
        "p99": rounded(latency.quantile_ms(0.99), 0) if latency.count >= LATENCIES_FOR_P99 else None,
    }


def _sentences(points: Sequence[Mapping[str, Any]], answer: Output) -> list[str]:
    first, last = points[0], points[-1]
    if len(points) == 1:
        sentences = [
            f"{first['lanes']:,} concurrent requests were the only number tried:"
            f" {requests_per_second(first['accepted'])} were accepted and"
            f" {requests_per_second(first['throttled'] + first['failed'])} throttled or failed."
        ]
    else:
        sentences = [
            f"From {first['lanes']:,} to {last['lanes']:,} concurrent requests, the accepted rate went from"
            f" {requests_per_second(first['accepted'])} to {requests_per_second(last['accepted'])},"
            f" and half the answers took {milliseconds(first['p50'])} ms at first and"
            f" {milliseconds(last['p50'])} ms at last."
        ]
        sentences += _last_doubling(points[-2], last)
    if not any(point["p99"] for point in points):
        sentences.append(f"A p99 takes {LATENCIES_FOR_P99} answers at one concurrency, and there were fewer.")
    rate = answer.max_tps.rate
    if rate and rate.high is not None and first["accepted"] > 1.1 * rate.estimate:
        sentences.append("Rates above the estimate are credit that the model had saved up.")
    return sentences


def _last_doubling(before: Mapping[str, Any], last: Mapping[str, Any]) -> list[str]:
    """A sentence on what the last doubling of the concurrency increased instead of throughput."""
    if last["accepted"] > 1.15 * before["accepted"]:
        return []
    if last["throttled"] > before["throttled"]:
        return ["The last move bought throttles, not throughput: the model is saturated there."]
    if last["p50"] and before["p50"] and last["p50"] > QUEUEING_RATIO * before["p50"]:
        return ["The last move bought latency, not throughput: requests wait for each other there."]
    return []
