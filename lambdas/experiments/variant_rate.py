"""The rate and the latencies of one variant of an image comparison, computed from its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean

from lambdas.capacity.rates import estimator
from lambdas.capacity.rates.interval import Interval
from lambdas.capacity.step_checks import limiting_factor
from lambdas.capacity.verdicts.account_quota import TpsQuota
from lambdas.load.counts import StepCounts
from lambdas.load.histogram import LatencyHistogram
from lambdas.models.facts import UNNAMED_SERVICE, ServiceNames

WARM_UP_S = 2  # seconds at the start of an unthrottled step that are not counted

HINDRANCES = {
    "account-throttled": "a limit of the account, not of the model, refused requests",
    "client-limited": "the load workers could not keep their lanes busy",
    "unstable": "more than a tenth of the requests failed",
}


@dataclass(frozen=True)
class VariantRate:
    """The measured rate of a variant; `max_tps` is a lower bound if its steps were not saturated.

    `is_steady`: each of its steps has the same rate in its first and its second half.
    """

    max_tps: Interval
    latency: LatencyHistogram
    is_steady: bool = True


def rate_variant(
    steps: Sequence[StepCounts], *, queues: bool, quota: TpsQuota | None = None, service: ServiceNames = UNNAMED_SERVICE
) -> VariantRate | str:
    """The rate of a variant, or why there is none (empty: it has no steps).

    `queues`: the model queues requests without limit, so the rate of its replies is its capacity. A rate that the
    account's `quota` may have limited says nothing about the images.
    """
    usable_steps = [counts for counts in steps if limiting_factor(counts) is None]
    if not usable_steps:
        return _hindrance_clause(steps[-1]) if steps else ""
    latency = LatencyHistogram()
    for counts in usable_steps:
        latency.merge(counts.latency)
    counts_by_step = list(filter(None, (_counts_of_rate(counts, queues) for counts in usable_steps)))
    if not counts_by_step:
        return VariantRate(Interval.lower_bound(min(map(estimator.accepted_rate, usable_steps))), latency)
    intervals = [estimator.interval(step_counts) for step_counts in counts_by_step]
    steadiness = [
        estimator.is_steady(step_counts, rate.half_width)
        for step_counts, rate in zip(counts_by_step, intervals, strict=True)
    ]
    unanswered_tps = max(counts.unanswered_tps for counts in usable_steps)
    rate = estimator.widen_by_lost_requests(_combined_rate(intervals), unanswered_tps)
    if quota is not None and not queues and quota.may_limit(rate):
        return f"{quota.phrase(service)} may have decided its rate of {rate.estimate:.2f} requests/s"
    return VariantRate(rate, latency, all(steadiness))


def are_disjoint(one: Interval, other: Interval) -> bool:
    """Whether the intervals have no value in common."""
    return is_above(one, other) or is_above(other, one)


def _combined_rate(intervals: Sequence[Interval]) -> Interval:
    """The mean rate of several steps. Disjoint intervals mean that the capacity drifted; the interval spans them."""
    mean = fmean(rate.estimate for rate in intervals)
    lows, highs = [rate.low for rate in intervals], [rate.high or rate.estimate for rate in intervals]
    if max(lows) > min(highs):
        return Interval(mean, min(lows), max(highs))
    squares = sum((high - rate.estimate) ** 2 for rate, high in zip(intervals, highs, strict=True))
    half_width = sqrt(squares) / len(intervals)
    return Interval(mean, max(0.0, mean - half_width), mean + half_width)


def is_above(one: Interval, other: Interval) -> bool:
    """Whether `one` lies above `other`. False if one is a lower bound, which may be saved-up credit."""
    return one.high is not None and other.high is not None and one.low > other.high


def _counts_of_rate(counts: StepCounts, queues: bool) -> list[int] | None:
    """The replies per second that show the capacity. Returns None if there are too few such seconds."""
    if queues:
        seconds = counts.whole_seconds
        accepted = [*counts.completed[:seconds], *[0] * (seconds - len(counts.completed))][WARM_UP_S:]
    else:
        accepted = estimator.saturated_seconds(counts) or []
    return accepted if len(accepted) >= estimator.MIN_SECONDS else None


def _hindrance_clause(counts: StepCounts) -> str:
    hindrance = HINDRANCES[limiting_factor(counts) or "unstable"]
    errors = ", ".join(f"{name} x {count}" for name, count in counts.failures.most_common(3))
    return f"{hindrance} ({errors})" if errors else hindrance
