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

WARM_S = 2  # seconds at the start of an unthrottled step that are not counted

HINDERED = {
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
    sound = [counts for counts in steps if limiting_factor(counts) is None]
    if not sound:
        return _hindered(steps[-1]) if steps else ""
    latency = LatencyHistogram()
    for counts in sound:
        latency.merge(counts.latency)
    answered = [each for each in (_answered(counts, queues) for counts in sound) if each]
    if not answered:
        return VariantRate(Interval.lower_bound(min(map(estimator.accepted_rate, sound))), latency)
    found = [estimator.interval(each) for each in answered]
    is_steady = [estimator.is_steady(each, one.half_width) for each, one in zip(answered, found, strict=True)]
    unanswered_tps = max(counts.unanswered_tps for counts in sound)
    rate = estimator.widen_by_lost_requests(_combined(found), unanswered_tps)
    if quota is not None and not queues and quota.may_limit(rate):
        return f"{quota.phrase(service)} may have decided its rate of {rate.estimate:.2f} requests/s"
    return VariantRate(rate, latency, all(is_steady))


def are_disjoint(one: Interval, other: Interval) -> bool:
    """Whether the intervals have no value in common."""
    return is_above(one, other) or is_above(other, one)


def _combined(found: Sequence[Interval]) -> Interval:
    """The mean rate of several steps. Disjoint intervals mean that the capacity drifted; the interval spans them."""
    mean = fmean(each.estimate for each in found)
    lows, highs = [each.low for each in found], [each.high or each.estimate for each in found]
    if max(lows) > min(highs):
        return Interval(mean, min(lows), max(highs))
    half = sqrt(sum((high - each.estimate) ** 2 for each, high in zip(found, highs, strict=True))) / len(found)
    return Interval(mean, max(0.0, mean - half), mean + half)


def is_above(one: Interval, other: Interval) -> bool:
    """Whether `one` lies above `other`. False if one is a lower bound, which may be saved-up credit."""
    return one.high is not None and other.high is not None and one.low > other.high


def _answered(counts: StepCounts, queues: bool) -> list[int] | None:
    """The replies per second that show the capacity. Returns None if there are too few such seconds."""
    if queues:
        seconds = counts.whole_seconds
        answered = [*counts.completed[:seconds], *[0] * (seconds - len(counts.completed))][WARM_S:]
    else:
        answered = estimator.saturated_seconds(counts) or []
    return answered if len(answered) >= estimator.MIN_SECONDS else None


def _hindered(counts: StepCounts) -> str:
    why = HINDERED[limiting_factor(counts) or "unstable"]
    named = ", ".join(f"{name} x {count}" for name, count in counts.failures.most_common(3))
    return f"{why} ({named})" if named else why
