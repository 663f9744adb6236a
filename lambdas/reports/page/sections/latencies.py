"""Picture 4: the latencies at the clean rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iu_tuner.contract.output.measured import LatencyOutput
from iu_tuner.contract.output.result import Output
from iu_tuner.formats import count, requests_per_second
from lambdas.load.histogram import BUCKET_GROWTH, LatencyHistogram
from lambdas.load.measured_step import MeasuredStep
from lambdas.reports.page.html.contents import Picture
from lambdas.reports.page.html.formats import milliseconds
from lambdas.runs.run import Run

TITLE = "Latency at the clean rate"
MAX_BARS = 32


def latencies(run: Run, steps: Sequence[MeasuredStep], answer: Output) -> Picture:
    """The histogram of the confirmation step that passed; its latencies count from the planned time of sending."""
    rate = answer.clean_tps.rate
    confirmations = [step.counts for step in steps if step.counts.plan.phase == "confirm"]
    if rate is None or not confirmations or not confirmations[-1].latency.count:
        return Picture("latencies", TITLE, _why_missing(run, answer, bool(confirmations)), None)
    histogram, percentiles = confirmations[-1].latency, answer.latency_ms
    chart = {
        "bars": bars(histogram),
        "percentiles": {name: value for name in ("p50", "p95", "p99") if (value := getattr(percentiles, name))},
    }
    one_bar = len(chart["bars"]) == 1  # all answers took about as long: the sentence says so
    return Picture("latencies", TITLE, _sentence(rate, histogram, percentiles), None if one_bar else chart)


def bars(histogram: LatencyHistogram) -> list[dict[str, float]]:
    """At most MAX_BARS bars, each of neighbouring buckets; buckets without a count are included."""
    first, last = min(histogram.buckets), max(histogram.buckets)
    width = (last - first) // MAX_BARS + 1
    return [
        {
            "from": round(BUCKET_GROWTH**start, 1),
            "to": round(BUCKET_GROWTH ** (start + width), 1),
            "count": sum(histogram.buckets[index] for index in range(start, start + width)),
        }
        for start in range(first, last + 1, width)
    ]


def _sentence(rate: float, histogram: LatencyHistogram, percentiles: LatencyOutput) -> str:
    sentence = (
        f"At {requests_per_second(rate)}, evenly paced, half of {histogram.count:,} answers took"
        f" {milliseconds(percentiles.p50)} ms or less"
    )
    if percentiles.p95:
        sentence += f", 95 % took {milliseconds(percentiles.p95)} ms or less"
    if percentiles.p99:
        sentence += f", 99 % took {milliseconds(percentiles.p99)} ms or less"
    slowest = milliseconds(histogram.quantile_ms(1.0))
    return f"{sentence}; the slowest took {slowest} ms. {' '.join(_bounds(percentiles))}"


def _bounds(percentiles: LatencyOutput) -> Iterator[str]:
    """What is known of p95 and p99 beyond these answers."""
    for name, bound, needs in (
        ("p95", percentiles.p95_at_most, percentiles.p95_needs),
        ("p99", percentiles.p99_at_most, percentiles.p99_needs),
    ):
        if bound is not None:
            yield f"The true {name} is at most {milliseconds(bound)} ms, with 95 % confidence."
        elif needs is not None:
            yield f"A bound of the {name} needs {count(needs, 'more answer')}."


def _why_missing(run: Run, answer: Output, has_tried: bool) -> str:
    no_rate = "There is no clean rate to draw the latencies of"
    if has_tried:
        return f"{no_rate}: every evenly paced rate that was tried met throttles."
    if run.mode == "quick" and answer.verdict in ("ok", "latency-bound", "windowed-quota"):
        return f"{no_rate}: a quick run does not look for it. Run in standard mode to get it."
    if answer.max_tps.estimate is None:
        return f"{no_rate}: without a rate there is nothing to pace requests by."
    return f"{no_rate}: it is looked for below a maximum, and this run found none."
