"""A look at a saturated model: the seconds of a step, after its last shift, that tell one rate.

A stretch of seconds may hold two levels: the rest of burst credit, a first limiter before the credit behind it is
gone, a step of the capacity. The last level is what the model carries by now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import sqrt
from statistics import fmean, median

from lambdas.capacity.rates import estimator
from lambdas.capacity.rates.estimator import COUNTING, MIN_SECONDS
from lambdas.capacity.rates.interval import Interval
from lambdas.load.counts import StepCounts

MIN_TO_SPLIT = 6  # seconds
SHIFT_ERRORS = 4.5  # standard errors between two levels: steady noise looks like two in 1 or 2 of 100 stretches
SHIFT_SHARE = 0.03  # of the mean: smaller shifts don't matter
DARK_SHARE = 0.1  # of the level after it: a second that is so low is a pause, and what holds one is no level
VAGUE_SHARE = 0.1  # of the rate: with a half-width beyond it, which counting does not explain, a look tells nothing
NOISY_STRAY = 1.5  # counts by which the running sum strays from a line, when more than counting is at work
DIP_SHARE = 0.5  # of the median: a second that is so low, and then recovered from, is a pause


@dataclass(frozen=True)
class Look:
    """Accepted requests per second of one level; what was tried meanwhile; how many seconds before were left out."""

    counts: tuple[int, ...]
    attempts_tps: float = 0.0
    cut: int = 0
    rose: bool = False

    @cached_property
    def rate(self) -> Interval:
        """The mean and its interval."""
        return estimator.interval(self.counts)

    @property
    def half(self) -> float:
        """Half-width of the interval, requests/s."""
        return (self.rate.high or 0.0) - self.rate.estimate

    @property
    def seconds(self) -> int:
        """How many."""
        return len(self.counts)

    @property
    def tells(self) -> bool:
        """Is it long and sharp enough to tell a rate, and not one that agrees with any?"""
        sharp = max(VAGUE_SHARE * self.rate.estimate, COUNTING / self.seconds) if self.seconds else 0.0
        return self.seconds >= MIN_SECONDS and self.half <= sharp

    @property
    def noisy(self) -> bool:
        """Is there more to its spread than counting in whole seconds?"""
        return estimator.strays(self.counts) > NOISY_STRAY

    @property
    def dips(self) -> bool:
        """Did the model pause for a second or more, and go on?"""
        if self.seconds < MIN_SECONDS or estimator.period_of(self.counts) > 1:
            return False
        usual = median(self.counts)
        low = [count < DIP_SHARE * usual and usual - count > COUNTING for count in self.counts]
        return any(low[:-1])


def look(counts: StepCounts) -> Look | None:
    """What a closed-loop step saw of a saturated model; None where it was not saturated."""
    accepted = estimator.saturated_seconds(counts, min(counts.plan.base_s, estimator.SATURATED_SECONDS))
    return settled(accepted, _attempts_tps(counts)) if accepted else None


def settled(accepted: Sequence[int], attempts_tps: float = 0.0, *, shift_errors: float = SHIFT_ERRORS) -> Look:
    """The last level."""
    kept, rose = list(accepted), False
    while estimator.period_of(kept) == 1 and (split := _shift(kept, shift_errors)):
        rose = fmean(kept[:split]) < fmean(kept[split:])
        # The second of the shift belongs to both levels.
        kept = kept[split + 1 :] if len(kept) - split > MIN_SECONDS else kept[split:]
    cut = len(accepted) - len(kept)
    return Look(tuple(kept), attempts_tps, cut, rose)


def jitter(counts: Sequence[int]) -> float:
    """Standard deviation of a second's count, from differences of neighbours without the largest one.

    They show the noise, and are blind to a level that moves.
    """
    squares = sorted((now - before) ** 2 for before, now in pairwise(counts))[:-1]
    return sqrt(fmean(squares) / 2) if squares else 0.0


def _shift(counts: Sequence[int], errors: float) -> int | None:
    """The second with which the last level begins, if there is more than one."""
    if len(counts) < MIN_TO_SPLIT:
        return None
    noise, mean = jitter(counts), fmean(counts)
    scores = {}
    for split in range(1, len(counts) - MIN_SECONDS + 1):
        head, tail = counts[:split], counts[split:]
        parts = 1 / len(head) + 1 / len(tail)
        need = max(errors * noise * sqrt(parts), COUNTING * parts, SHIFT_SHARE * mean)
        if need and _two_levels(head, tail):
            scores[split] = abs(fmean(head) - fmean(tail)) / need
    best = max(scores, key=lambda split: scores[split], default=None)
    return best if best is not None and scores[best] > 1 else None


def _two_levels(head: Sequence[int], tail: Sequence[int]) -> bool:
    before, after = fmean(head), fmean(tail)
    rises, middle = after > before, (before + after) / 2
    if min(head) < DARK_SHARE * after or (rises and len(head) < MIN_SECONDS):
        return False
    if len(head) == 1 and head[0] <= max(tail):
        return False
    astray = (sum((count > middle) == rises for count in head), sum((count < middle) == rises for count in tail))
    return astray[0] <= (len(head) > 3) and astray[1] <= (len(tail) > MIN_SECONDS)


def _attempts_tps(counts: StepCounts) -> float:
    seconds = counts.whole_seconds
    return (sum(counts.accepted[:seconds]) + sum(counts.throttled[:seconds])) / max(1, seconds)
