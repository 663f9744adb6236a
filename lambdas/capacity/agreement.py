"""Agreement between looks: whether they show the same rate, the pooled rate, and its noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import hypot, sqrt
from statistics import fmean

from lambdas.capacity.confirmation import PacedCounts
from lambdas.capacity.looks import Look
from lambdas.capacity.rates import estimator
from lambdas.capacity.rates.interval import Interval

AGREEMENT_TOLERANCE = 0.07  # of the rate: largest difference of agreeing looks (bench/constants.py: twice their mean's)
MAX_NOISE_SHARE = 0.077  # of the rate: largest half-width of the noise in a result that is `ok` (bench/constants.py)
BLOCK_S = 3  # seconds; noise that averages out within a block of this length is ignored
NOISE_ERRORS = 3.0  # standard errors in the half-width of the noise
CHANCE_ERRORS = 2.0  # standard errors in the upper bound of a confirmation's throttles


def agree(look: Look, other: Look) -> bool:
    """Whether both looks are conclusive and show the same rate."""
    if not (look.is_conclusive and other.is_conclusive and look.rate.estimate):
        return False
    difference = abs(look.rate.estimate - other.rate.estimate)
    return difference <= max(hypot(look.half_width, other.half_width), AGREEMENT_TOLERANCE * look.rate.estimate)


def pooled_rate(looks: Sequence[Look]) -> Interval:
    """The pooled rate of agreeing looks. The interval spans them if they differ by more than their noise."""
    low, high = (choose(looks, key=lambda look: look.rate.estimate) for choose in (min, max))
    if high.rate.estimate - low.rate.estimate > hypot(low.half_width, high.half_width):
        return replace(spanning_interval(looks), estimate=fmean(look.rate.estimate for look in looks))
    return estimator.pooled_interval([look.counts for look in looks])


def spanning_interval(looks: Sequence[Look]) -> Interval:
    """An interval that covers the intervals of all looks. Its estimate is that of the last look."""
    rates = [look.rate for look in looks]
    return Interval(rates[-1].estimate, min(r.low for r in rates), max(r.upper_end for r in rates))


def noise_half_width(looks: Sequence[Look]) -> float:
    """Half-width in requests/s that is due to the looks' noise. Returns 0 if no look has more than counting errors."""
    if not any(look.is_noisy for look in looks):
        return 0.0
    blocks_by_look = [
        [sum(look.counts[start : start + BLOCK_S]) for start in range(0, look.seconds - BLOCK_S + 1, BLOCK_S)]
        for look in looks
    ]
    squares = sum(sum((block - fmean(blocks)) ** 2 for block in blocks) for blocks in blocks_by_look if blocks)
    degrees_of_freedom = sum(len(blocks) - 1 for blocks in blocks_by_look if blocks)
    pooled = estimator.pooled_interval([look.counts for look in looks])
    half_width = pooled.upper_end - pooled.estimate
    if degrees_of_freedom < 1:
        return half_width
    seconds = sum(look.seconds for look in looks)
    return min(half_width, NOISE_ERRORS * sqrt(squares / degrees_of_freedom / BLOCK_S) / sqrt(seconds))


def is_too_noisy(looks: Sequence[Look]) -> bool:
    """Whether the looks are too noisy for the verdict `ok`."""
    return noise_half_width(looks) > MAX_NOISE_SHARE * pooled_rate(looks).estimate


def fair_share(saturated: Look, paced: PacedCounts) -> float | None:
    """The requests/s that remain for this client of a limiter shared with another one. Returns None if inconclusive.

    If the other client makes B attempts/s, a limiter of T requests/s accepts T A / (A + B) of A attempts/s. Two rates
    of attempts with their accepted rates give T and B. The rate that takes nothing from the other client is T - B.
    """
    attempts, accepted = saturated.attempts_tps, saturated.rate.estimate
    throttle_margin = CHANCE_ERRORS**2 / 2 + CHANCE_ERRORS * sqrt(paced.throttled + CHANCE_ERRORS**2 / 4)
    paced_accepted = paced.accepted_tps - throttle_margin / paced.seconds
    if not 0 < paced.rate < attempts or min(accepted, paced_accepted) <= 0:
        return None
    other_share = (1 / paced_accepted - 1 / accepted) / (1 / paced.rate - 1 / attempts)
    inverse_limit = 1 / accepted - other_share / attempts
    return max(0.0, (1 - other_share) / inverse_limit) if other_share > 0 and inverse_limit > 0 else None
