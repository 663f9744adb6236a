"""The search's constants come out of their simulations, to what few of these can tell."""

from __future__ import annotations

import pytest

from bench import constants
from lambdas.capacity import agreement, looks, saturated
from lambdas.planning.recommendation import POISSON_THROTTLE_SHARE, POISSON_TPS, THROTTLE_FREE_TPS


def test_the_widths_of_intervals_cover_what_they_say() -> None:
    for _, simulated, used in constants.widths(2000):
        assert float(used) == pytest.approx(float(simulated), rel=0.1)


def test_steady_noise_is_rarely_cut_and_a_shift_of_a_fifth_nearly_always() -> None:
    ((_, steady, _, fifth, third),) = [row for row in constants.false_cuts(1000) if row[0] == f"{looks.SHIFT_ERRORS:g}"]

    assert 0.5 <= float(steady) <= 3.0
    assert float(fifth) > 85
    assert float(third) > 98


def test_a_probe_tells_a_limiter_from_one_that_carries_more() -> None:
    expected, same, faster = (
        next(float(row[column]) for row in constants.probes(2000) if row[0] == f"{saturated.PROBE_SHARE:g}")
        for column in (1, 2, 3)
    )

    assert expected == 10.7
    assert same == pytest.approx(expected, abs=0.5)
    assert faster < saturated.MIN_PROBE_THROTTLE_SHARE * expected / 4


def test_half_of_what_agrees_is_the_error_of_the_mean() -> None:
    share, off, _ = next(
        row for row in constants.agreements(2000) if row[0] == f"{100 * agreement.AGREEMENT_TOLERANCE:g}"
    )

    assert float(off) == pytest.approx(float(share) / 2, abs=0.4)


def test_counting_in_whole_seconds_misses_no_more_than_it_is_given() -> None:
    assert [float(missed) for _, missed in constants.counting(4000)][1:] == [0.0, 0.0]


def test_the_advice_on_spiky_traffic_is_what_a_bucket_throttles_of_random_requests() -> None:
    by_rate = {float(row[0]): float(row[2]) for row in constants.random_requests(10_000)}

    assert by_rate[POISSON_TPS] == pytest.approx(100 * POISSON_THROTTLE_SHARE, abs=0.4)
    assert by_rate[THROTTLE_FREE_TPS] == 0.0
