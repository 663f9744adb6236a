"""A look at a saturated model: the seconds of a step, after its last shift, that have one rate.

A stretch of seconds may hold two levels: remaining burst credit comes first, or a fast limiter before the credit of a
slower one is used up, or the capacity changes. The last level is the model's present capacity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import sqrt
from statistics import fmean, median

from lambdas.capacity.rates import estimator
from lambdas.capacity.rates.estimator import COUNTING_ERROR, MIN_SECONDS
from lambdas.capacity.rates.interval import Interval
from lambdas.load.counts import StepCounts

MIN_SPLIT_S = 6  # seconds; shorter stretches are one level
SHIFT_ERRORS = 4.5  # standard errors between two levels; cuts 1 or 2 of 100 steady stretches (bench/constants.py)
SHIFT_SHARE = 0.03  # of the mean: smaller shifts are ignored
PAUSE_SHARE = 0.1  # of the level that follows: a lower second is a pause, and a stretch with a pause is no level
VAGUE_SHARE = 0.1  # of the rate: a wider half-width is inconclusive, unless counting explains it
MAX_COUNTING_DEVIATION = 1.5  # counts: if the running sum is farther from a line, counting alone does not explain it
DIP_SHARE = 0.5  # of the median: a lower second that is not the last one is a pause


@dataclass(frozen=True)
class Look:
    """One level of accepted requests, after the last shift in a step."""

    counts: tuple[int, ...]  # accepted requests in each second
    attempts_tps: float = 0.0  # accepted + throttled requests per second of the whole step
    cut_seconds: int = 0  # seconds before the level, which are left out
    has_risen: bool = False  # the level before it was lower

    @cached_property
    def rate(self) -> Interval:
        """Mean accepted requests per second with its 95 % interval."""
        return estimator.interval(self.counts)

    @property
    def half_width(self) -> float:
        """Half-width of the interval, requests/s."""
        return self.rate.upper_end - self.rate.estimate

    @property
    def seconds(self) -> int:
        """The number of seconds in the level."""
        return len(self.counts)

    @property
    def is_conclusive(self) -> bool:
        """Whether the look is long and precise enough to be conclusive: a vague one would agree with any other."""
        if self.seconds < MIN_SECONDS:
            return False
        return self.half_width <= max(VAGUE_SHARE * self.rate.estimate, COUNTING_ERROR / self.seconds)

    @property
    def is_noisy(self) -> bool:
        """Whether the counts vary by more than the error of counting in whole seconds."""
        return estimator.max_deviation(self.counts) > MAX_COUNTING_DEVIATION

    @property
    def has_pause(self) -> bool:
        """Whether the model paused for a second or more and then went on."""
        if self.seconds < MIN_SECONDS or estimator.period_of(self.counts) > 1:
            return False
        median_count = median(self.counts)
        is_low = [count < DIP_SHARE * median_count and median_count - count > COUNTING_ERROR for count in self.counts]
        return any(is_low[:-1])


def look(counts: StepCounts) -> Look | None:
    """The look at the model in a closed-loop step. Returns None if the step was not saturated."""
    accepted = estimator.saturated_seconds(counts, min(counts.plan.base_s, estimator.SATURATED_SECONDS))
    return last_level(accepted, _attempts_tps(counts)) if accepted else None


def last_level(accepted: Sequence[int], attempts_tps: float = 0.0, *, shift_errors: float = SHIFT_ERRORS) -> Look:
    """The last level of a stretch of accepted requests per second."""
    level, has_risen = list(accepted), False
    while estimator.period_of(level) == 1 and (split := _shift(level, shift_errors)):
        has_risen = fmean(level[:split]) < fmean(level[split:])
        # The second of the shift belongs to both levels.
        level = level[split + 1 :] if len(level) - split > MIN_SECONDS else level[split:]
    cut_seconds = len(accepted) - len(level)
    return Look(tuple(level), attempts_tps, cut_seconds, has_risen)


def jitter(counts: Sequence[int]) -> float:
    """Standard deviation of a second's count, from the differences of neighbours without the largest one.

    These differences show the noise, but not a level that moves.
    """
    squares = sorted((now - before) ** 2 for before, now in pairwise(counts))[:-1]
    return sqrt(fmean(squares) / 2) if squares else 0.0


def _shift(counts: Sequence[int], errors: float) -> int | None:
    """The index of the second in which the last level begins. Returns None if there is only one level."""
    if len(counts) < MIN_SPLIT_S:
        return None
    noise, mean = jitter(counts), fmean(counts)
    scores = {}
    for split in range(1, len(counts) - MIN_SECONDS + 1):
        head, tail = counts[:split], counts[split:]
        variance_factor = 1 / len(head) + 1 / len(tail)
        threshold = max(errors * noise * sqrt(variance_factor), COUNTING_ERROR * variance_factor, SHIFT_SHARE * mean)
        if threshold and _two_levels(head, tail):
            scores[split] = abs(fmean(head) - fmean(tail)) / threshold
    best = max(scores, key=lambda split: scores[split], default=None)
    return best if best is not None and scores[best] > 1 else None


def _two_levels(head: Sequence[int], tail: Sequence[int]) -> bool:
    before, after = fmean(head), fmean(tail)
    rises, middle = after > before, (before + after) / 2
    if min(head) < PAUSE_SHARE * after or (rises and len(head) < MIN_SECONDS):
        return False
    if len(head) == 1 and head[0] <= max(tail):
        return False
    misplaced = (sum((count > middle) == rises for count in head), sum((count < middle) == rises for count in tail))
    return misplaced[0] <= (len(head) > 3) and misplaced[1] <= (len(tail) > MIN_SECONDS)


def _attempts_tps(counts: StepCounts) -> float:
    seconds = counts.whole_seconds
    return (sum(counts.accepted[:seconds]) + sum(counts.throttled[:seconds])) / seconds
