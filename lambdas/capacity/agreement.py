"""Agreement between looks: whether they show the same rate, the pooled rate, and its noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import hypot, sqrt
from statistics import fmean

from lambdas.capacity.confirmation import Paced
from lambdas.capacity.looks import Look
from lambdas.capacity.rates import estimator
from lambdas.capacity.rates.interval import Interval

AGREEING_SHARE = 0.07  # of the rate: largest difference of agreeing looks (bench/constants.py: twice the mean's error)
SOUND_SHARE = 0.077  # of the rate: largest half-width of the noise in a result that is `ok` (bench/constants.py)
BLOCK_S = 3  # seconds; noise that averages out within a block of this length is ignored
NOISE_ERRORS = 3.0  # standard errors in the half-width of the noise
CHANCE_ERRORS = 2.0  # standard errors in the upper bound of a confirmation's throttles


def agree(one: Look, other: Look) -> bool:
    """Whether both looks are conclusive and show the same rate."""
    if not (one.tells and other.tells and one.rate.estimate):
        return False
    apart = abs(one.rate.estimate - other.rate.estimate)
    return apart <= max(hypot(one.half, other.half), AGREEING_SHARE * one.rate.estimate)


def together(looks: Sequence[Look]) -> Interval:
    """The pooled rate of agreeing looks. The interval spans them if they differ by more than their noise."""
    low, high = (choose(looks, key=lambda look: look.rate.estimate) for choose in (min, max))
    if high.rate.estimate - low.rate.estimate > hypot(low.half, high.half):
        return replace(spanning(looks), estimate=fmean(look.rate.estimate for look in looks))
    return estimator.pooled([look.counts for look in looks])


def spanning(looks: Sequence[Look]) -> Interval:
    """An interval that covers the intervals of all looks. Its estimate is that of the last look."""
    rates = [look.rate for look in looks]
    return Interval(rates[-1].estimate, min(r.low for r in rates), max(r.top for r in rates))


def noise_half(looks: Sequence[Look]) -> float:
    """Half-width in requests/s that is due to the looks' noise. Returns 0 if no look has more than counting errors."""
    if not any(look.noisy for look in looks):
        return 0.0
    blocks = [
        [sum(look.counts[start : start + BLOCK_S]) for start in range(0, look.seconds - BLOCK_S + 1, BLOCK_S)]
        for look in looks
    ]
    squares = sum(sum((block - fmean(each)) ** 2 for block in each) for each in blocks if each)
    freedom = sum(len(each) - 1 for each in blocks if each)
    pooled = estimator.pooled([look.counts for look in looks])
    half = pooled.top - pooled.estimate
    if freedom < 1:
        return half
    seconds = sum(look.seconds for look in looks)
    return min(half, NOISE_ERRORS * sqrt(squares / freedom / BLOCK_S) / sqrt(seconds))


def too_noisy(looks: Sequence[Look]) -> bool:
    """Whether the looks are too noisy for the verdict `ok`."""
    return noise_half(looks) > SOUND_SHARE * together(looks).estimate


def fair_share(saturated: Look, paced: Paced) -> float | None:
    """The requests/s that remain for this client of a limiter shared with another one. Returns None if inconclusive.

    If the other client makes B attempts/s, a limiter of T requests/s accepts T A / (A + B) of A attempts/s. Two rates
    of attempts with their accepted rates give T and B. The rate that takes nothing from the other client is T - B.
    """
    attempts, accepted = saturated.attempts_tps, saturated.rate.estimate
    more = CHANCE_ERRORS**2 / 2 + CHANCE_ERRORS * sqrt(paced.throttled + CHANCE_ERRORS**2 / 4)
    paced_accepted = paced.accepted_tps - more / paced.seconds
    if not 0 < paced.rate < attempts or min(accepted, paced_accepted) <= 0:
        return None
    of_limit = (1 / paced_accepted - 1 / accepted) / (1 / paced.rate - 1 / attempts)
    rest = 1 / accepted - of_limit / attempts
    return max(0.0, (1 - of_limit) / rest) if of_limit > 0 and rest > 0 else None
