"""Estimates max TPS and its interval from counts per second.

The estimate is the mean of accepted requests per whole second, by time of sending, strictly after the first
throttle. A throttle proves that the burst credit is used up, or that the queue is full. From then on the model
accepts what it can carry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, chain, groupby, pairwise
from math import sqrt
from statistics import fmean

from lambdas.capacity.rates.interval import Interval
from lambdas.load.counts import StepCounts

SATURATED_SECONDS = 12  # minimum length of a saturated step
MIN_THROTTLE_RATIO = 0.3  # minimum share of throttled requests in a saturated step
LASTING_SHARE = 0.6  # minimum share of seconds with throttles, from the first one on, in a saturated step
COUNTING_ERROR = 1.5  # counts that a limiter's whole seconds may miss at both ends together (bench/constants.py)
MIN_SECONDS = 4  # of counts behind a rate
MIN_RELATIVE_HALF_WIDTH = 0.01  # minimum half-width of an interval, relative to the rate, per second of the period
STEADY_ERRORS = 4.0  # standard errors by which the halves of a step may differ (bench.constants)
PERIODIC_SWING = 0.5  # of the mean: minimum difference between the largest and smallest of periodic counts
PERIODIC_SPREAD = 0.3  # of that swing: maximum difference between the sums over one period

# (m, k): the half-width of the interval of m seconds is k D / m. D is the largest deviation of the cumulative counts
# from a straight line. bench/constants.py simulates k for 95 % coverage.
WIDTH_BY_SECONDS = (
    (4, 5.52),
    (6, 4.54),
    (8, 3.98),
    (10, 3.71),
    (12, 3.64),
    (14, 3.50),
    (16, 3.41),
    (20, 3.35),
    (30, 3.17),
)


def saturated_seconds(counts: StepCounts, at_least_s: float = SATURATED_SECONDS) -> list[int] | None:
    """Accepted requests in each second after the first throttle. Returns None if the step was not saturated."""
    seconds = counts.whole_seconds
    accepted, throttled = _padded(counts.accepted, seconds), _padded(counts.throttled, seconds)
    usable_seconds = [second for second in counts.usable_seconds if second >= counts.first_full_second]
    throttled_seconds = [second for second in usable_seconds if throttled[second]]
    if seconds < at_least_s or not throttled_seconds:
        return None
    seconds_since = [second for second in usable_seconds if second >= throttled_seconds[0]]
    if len(throttled_seconds) < LASTING_SHARE * len(seconds_since):
        return None
    window = [second for second in usable_seconds if throttled_seconds[0] < second <= throttled_seconds[-1]]
    accepted_counts, refused = _counts_in(accepted, window), sum(throttled[second] for second in window)
    if len(accepted_counts) < MIN_SECONDS or refused < MIN_THROTTLE_RATIO * (sum(accepted_counts) + refused):
        return None
    return accepted_counts


def _counts_in(accepted: Sequence[int], seconds: Sequence[int]) -> list[int]:
    """The counts in these seconds. Of periodic counts, only those of the longest stretch without a gap."""
    # Seconds without a gap are as far from their index.
    groups = groupby(enumerate(seconds), key=lambda pair: pair[1] - pair[0])
    stretches = [[accepted[second] for _, second in group] for _, group in groups]
    longest = max(stretches, key=len, default=[])
    return longest if longest and period_of(longest) > 1 else list(chain(*stretches))


def interval(per_second: Sequence[int], *, noisy: bool = False) -> Interval:
    """Mean rate and its 95 % interval. The half-width grows with the deviation of the running sum from a line.

    A rate limiter deviates by less than one count, so that only the counting error remains. A noisy pool of executors
    deviates further, which widens the interval. Periodic counts are taken in whole periods, since part of a period
    would shift the mean. `noisy` says that the counts come from executors: then even a small deviation is noise.
    """
    period = period_of(per_second)
    whole_periods = per_second[len(per_second) % period :]
    sums = [sum(whole_periods[start : start + period]) for start in range(0, len(whole_periods), period)]
    seconds, mean = len(whole_periods), fmean(whole_periods)
    deviation = max_deviation(sums)
    half_width = max(COUNTING_ERROR, _width_factor(len(sums)) * deviation if noisy or deviation > 1 else 0.0) / seconds
    half_width = max(half_width, MIN_RELATIVE_HALF_WIDTH * period * mean)
    return Interval(mean, max(0.0, mean - half_width), mean + half_width)


def pooled_interval(segments: Sequence[Sequence[int]]) -> Interval:
    """Mean rate and interval of several stretches of counts, whose errors are independent."""
    intervals = [(len(segment), interval(segment)) for segment in segments]
    seconds = sum(length for length, _ in intervals)
    mean = sum(length * each.estimate for length, each in intervals) / seconds
    half_width = sqrt(sum((length * (each.upper_end - each.estimate)) ** 2 for length, each in intervals)) / seconds
    return Interval(mean, max(0.0, mean - half_width), mean + half_width)


def widen_by_lost_requests(rate: Interval, unanswered_tps: float) -> Interval:
    """The interval with a higher upper end, as the model may have carried all requests that got no reply."""
    return rate if rate.high is None else replace(rate, high=rate.high + unanswered_tps)


def is_steady(per_second: Sequence[int], half_width: float, *, errors: float = STEADY_ERRORS) -> bool:
    """Whether both halves of the seconds have the same rate within the noise; `half_width` is in requests/s."""
    middle = len(per_second) // 2
    if middle < MIN_SECONDS:
        return True
    # Differences of neighbours show the noise, but not a rate that moves.
    noise = sqrt(fmean((now - before) ** 2 for before, now in pairwise(per_second)) / 2)
    difference = abs(fmean(per_second[:middle]) - fmean(per_second[middle:]))
    return difference <= max(half_width, errors * noise * 2 / sqrt(len(per_second)))


def max_deviation(counts: Sequence[float]) -> float:
    """The largest deviation of the cumulative counts from a straight line, in counts."""
    mean = fmean(counts)
    return max(abs(total - (j + 1) * mean) for j, total in enumerate(accumulate(counts)))


def period_of(per_second: Sequence[int]) -> int:
    """The period of the counts in seconds: sums over a period are alike, single seconds are not. 1 if not periodic."""
    swing = max(per_second) - min(per_second)
    if max_deviation(per_second) <= 1 or swing < PERIODIC_SWING * fmean(per_second):
        return 1
    for period in range(2, len(per_second) // 2 + 1):
        sums = [sum(per_second[start : start + period]) for start in range(len(per_second) - period + 1)]
        if max(sums) - min(sums) <= max(2.0, PERIODIC_SPREAD * swing):
            return period
    return 1


def is_windowed(per_second: Sequence[int]) -> bool:
    """Whether the quota is refilled in windows longer than a second, with 3 s or more without accepted requests."""
    nonzero_counts = [count for count in per_second if count]
    longest_gap_s = zero_seconds = 0
    for count in per_second:
        zero_seconds = 0 if count else zero_seconds + 1
        longest_gap_s = max(longest_gap_s, zero_seconds)
    return longest_gap_s >= 3 and (not nonzero_counts or fmean(nonzero_counts) >= 2)


def rate_between_refills(per_second: Sequence[int]) -> Interval | None:
    """TPS of a windowed quota, counted from the first refill to the last. Returns None with fewer than two refills."""
    refills = _refills(per_second)
    if len(refills) < 2:
        return None
    seconds = refills[-1] - refills[0]
    rate = sum(per_second[refills[0] : refills[-1]]) / seconds
    half_width = max(2 / seconds, MIN_RELATIVE_HALF_WIDTH * rate)
    return Interval(rate, max(0.0, rate - half_width), rate + half_width)


def seconds_between_refills(per_second: Sequence[int]) -> float:
    """Mean length of a quota's window in seconds, or 0 with fewer than two refills."""
    refills = _refills(per_second)
    return (refills[-1] - refills[0]) / (len(refills) - 1) if len(refills) > 1 else 0.0


def _refills(per_second: Sequence[int]) -> list[int]:
    """The seconds with accepted requests that follow a second without any."""
    return [second for second, (before, now) in enumerate(pairwise(per_second), start=1) if now and not before]


def accepted_rate(counts: StepCounts) -> float:
    """Mean accepted requests per second after the first refusal, or after the first second if too few follow one."""
    seconds = counts.whole_seconds
    accepted, throttled = _padded(counts.accepted, seconds), _padded(counts.throttled, seconds)
    failed = _padded(counts.failed, seconds)
    refused = [throttles + failures for throttles, failures in zip(throttled, failed, strict=True)]
    first_second = counts.first_full_second + 1
    second_after_refusal = next((second + 1 for second in range(seconds) if refused[second]), first_second)
    usable = [second for second in counts.usable_seconds if second >= first_second] or range(first_second, seconds)
    after_refusal = [accepted[second] for second in usable if second >= second_after_refusal]
    accepted_counts = after_refusal if len(after_refusal) >= MIN_SECONDS else [accepted[second] for second in usable]
    return fmean(accepted_counts) if accepted_counts else 0.0


def _padded(series: Sequence[int], seconds: int) -> list[int]:
    return [*series[:seconds], *[0] * (seconds - len(series))]


def _width_factor(seconds: int) -> float:
    (shortest, _), *_, (longest, _) = WIDTH_BY_SECONDS
    m = min(max(seconds, shortest), longest)
    (m0, k0), (m1, k1) = next(pair for pair in pairwise(WIDTH_BY_SECONDS) if m <= pair[1][0])
    return k0 + (k1 - k0) * (m - m0) / (m1 - m0)
