"""Picture 1: the accepted and throttled requests in each second of the run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from iu_tuner.contract.output.measured import Rate, RequestsOutput
from iu_tuner.contract.output.result import VerdictWord
from iu_tuner.formats import count, duration, requests_per_second, tps
from lambdas.load.measured_step import MeasuredStep
from lambdas.reports.page.html.contents import Picture

TITLE = "The whole run, second by second"
# The meaning of an estimate without an upper end, if it is not simply a lower bound.
BOUND_MEANINGS = {
    "account-throttled": "which is what the account's quota let through; the model may carry more",
    "failed": "measured by the time the run ended, and not confirmed",
    "unstable": "the mean of an unstable measurement, and no capacity to plan with",
}


def began_at(steps: Sequence[MeasuredStep]) -> float:
    """The start of the first step, in seconds since the epoch."""
    return min((step.start_at for step in steps), default=0.0)


def timeline(
    steps: Sequence[MeasuredStep], requests: RequestsOutput, rate: Rate | None, verdict: VerdictWord | Literal["failed"]
) -> Picture:
    """One time line over all steps, with gaps between them, and the measured rate."""
    began = began_at(steps)
    if not requests.sent:
        return Picture("timeline", TITLE, "No request was sent, so there is nothing to draw.", None)
    spans = [_span(step, began) for step in steps if step.counts.workers]
    chart = {"steps": spans, "estimate": rate and rate.estimate, "low": rate and rate.low, "high": rate and rate.high}
    return Picture("timeline", TITLE, " ".join(_sentences(spans, requests, rate, verdict)), chart)


def _span(step: MeasuredStep, began: float) -> dict[str, Any]:
    counts = step.counts
    length = max(map(len, (counts.accepted, counts.throttled, counts.failed)))
    start = round(step.start_at - began, 2)
    return {
        "number": step.number,
        "phase": counts.plan.phase,
        "series": counts.plan.series,
        "from": start,
        "to": round(start + max(length, counts.seconds + counts.plan.paced_s), 2),
        "accepted": _padded(counts.accepted, length),
        "throttled": _padded(counts.throttled, length),
        "failed": _padded(counts.failed, length),
    }


def _padded(series: Sequence[int], length: int) -> list[int]:
    return [*series, *[0] * (length - len(series))]


def _sentences(
    spans: Sequence[Mapping[str, Any]], requests: RequestsOutput, rate: Rate | None, verdict: str
) -> list[str]:
    took_s = max(span["to"] for span in spans)
    parts = [f"{requests.accepted:,} were accepted", f"{requests.throttled:,} throttled"]
    if requests.failed:
        parts.append(f"{requests.failed:,} failed otherwise")
    sentences = [
        f"In {duration(took_s)} and {count(len(spans), 'step')} the run sent"
        f" {count(requests.sent, 'request')}: {', '.join(parts)}."
    ]
    if rate is None:
        return [*sentences, "No line marks the model's capacity, because these counts give no rate."]
    if rate.high is None:
        meaning = BOUND_MEANINGS.get(verdict, "a lower bound: the model may carry more")
        return [*sentences, f"The line marks {requests_per_second(rate.estimate)}, {meaning}."]
    band = f"the band from {tps(rate.low)} to {tps(rate.high)} is its 95 % interval"
    sentences.append(f"The line marks {requests_per_second(rate.estimate)}, the most that the model carries; {band}.")
    peak = max((max(span["accepted"], default=0) for span in spans if _is_of_search(span)), default=0)
    if peak > 1.5 * math.ceil(rate.high):
        sentences.append(
            f"Up to {peak:,} a second were accepted for a moment: saved-up credit, which the estimate leaves out."
        )
    return sentences


def _is_of_search(span: Mapping[str, Any]) -> bool:
    """Whether the step belongs to the main search, whose rate the chart compares with the estimate."""
    return bool(span["phase"] != "probe" and span["series"] == "main")
