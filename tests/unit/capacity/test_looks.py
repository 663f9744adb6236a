"""A look: the last level of a stretch of seconds, and whether two looks tell the same."""

from __future__ import annotations

from random import Random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.capacity import agreement
from lambdas.capacity.confirmation import PacedCounts
from lambdas.capacity.looks import Look, jitter, last_level, look
from lambdas.load.histogram import LatencyHistogram
from lambdas.load.step import StepPlan
from tests.unit.capacity.steps import steady


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param([10] * 11, [10] * 11, id="one level"),
        pytest.param([25, 25, 26, 25, 24, 20, 19, 18, 19, 18, 19, 18], [19, 18, 19, 18, 19, 18], id="two limiters"),
        pytest.param([22, 10, 10, 11, 10, 10, 10, 11, 10], [10, 11, 10, 10, 10, 11, 10], id="rest of credit"),
        pytest.param([10, 10, 11, 10, 10, 13, 13, 14, 13, 13, 13], [13, 14, 13, 13, 13], id="a rise"),
        pytest.param([10, 10, 13, 13, 14, 13, 13, 13], [10, 10, 13, 13, 14, 13, 13, 13], id="a rise too early to tell"),
        pytest.param([0, 0, 0, 0, 30, 30, 30, 30, 30], [0, 0, 0, 0, 30, 30, 30, 30, 30], id="a pause is no level"),
        pytest.param([27, 1, 27, 0, 28, 1, 27, 0, 28, 0], [27, 1, 27, 0, 28, 1, 27, 0, 28, 0], id="waves"),
        pytest.param([40, 10, 10, 10, 10, 10], [10, 10, 10, 10], id="six seconds are enough"),
        pytest.param([10, 10, 10, 10, 10], [10, 10, 10, 10, 10], id="five seconds are one level"),
        pytest.param([1, 1, 1, 1, 10, 10, 10, 10, 10], [10, 10, 10, 10], id="a tenth is no pause"),
        pytest.param([9, 12, 7, 11, 8, 12, 9, 8, 13, 7], [9, 12, 7, 11, 8, 12, 9, 8, 13, 7], id="noise"),
    ],
)
def test_only_the_last_level_counts(seconds: list[int], expected: list[int]) -> None:
    assert list(last_level(seconds).counts) == expected
    assert last_level(seconds).cut_seconds == len(seconds) - len(expected)


def test_a_rise_is_noted() -> None:
    assert last_level([10, 10, 11, 10, 10, 13, 13, 14, 13, 13, 13]).has_risen
    assert not last_level([25, 25, 26, 25, 24, 20, 19, 18, 19, 18, 19, 18]).has_risen


@pytest.mark.parametrize(
    ("seconds", "cut"),
    [
        pytest.param([14, *[10] * 19], 2, id="a first second above all others"),
        pytest.param([14, *[10] * 18, 14], 0, id="a first second that came again"),
        pytest.param([20, 20, 10, 20, *[10] * 27], 5, id="one of four seconds may stray"),
        pytest.param([20, 10, 20, *[10] * 27], 0, id="one of three may not"),
        pytest.param([*[10] * 20, 20, 20, 10, 20, 20], 21, id="one of the last five may stray"),
        pytest.param([*[10] * 20, 20, 20, 10, 20], 0, id="one of the last four may not"),
    ],
)
def test_a_level_may_have_one_second_astray(seconds: list[int], cut: int) -> None:
    assert last_level(seconds).cut_seconds == cut


@given(st.lists(st.integers(0, 60), min_size=1, max_size=40))
def test_a_look_is_the_end_of_what_was_seen(seconds: list[int]) -> None:
    seen = last_level(seconds)

    assert 1 <= seen.seconds <= len(seconds)
    assert list(seen.counts) == seconds[seen.cut_seconds :]
    assert seen.seconds >= min(4, len(seconds))


@pytest.mark.parametrize(
    ("seconds", "has_pause"),
    [
        ([30, 31, 0, 29, 30], True),
        ([30, 31, 30, 29, 0], False),  # how it would have gone on is not known
        ([2, 2, 0, 3, 2, 2], True),
        ([2, 1, 2, 1, 2, 2], False),
        ([20, 0, 20, 0, 20, 0, 20, 0], False),
        ([30, 31, 0], False),  # too short to tell
        ([30, 0, 30, 30], True),
        ([30, 30, 15, 30, 30], False),  # half is none
        ([30, 30, 14, 30, 30], True),
        ([1, 2, 0, 2, 1, 2, 1, 2], False),  # of a median of 1.5 a count may be missing
    ],
)
def test_a_dip_is_a_pause_that_was_recovered_from(seconds: list[int], has_pause: bool) -> None:
    assert Look(tuple(seconds)).has_pause is has_pause


@pytest.mark.parametrize(
    ("counts", "tells"),
    [
        pytest.param((20, 20, 20), False, id="too short"),
        pytest.param((20, 20, 20, 20), True, id="four seconds"),
        pytest.param((2, 2, 2, 2, 2), True, id="slow: counting explains the width"),
        pytest.param((3, 44, 9, 31, 11, 25), False, id="vague"),
        pytest.param((), False, id="nothing"),
    ],
)
def test_a_look_tells_a_rate_if_it_is_long_and_precise_enough(counts: tuple[int, ...], tells: bool) -> None:
    assert Look(counts).is_conclusive is tells


@pytest.mark.parametrize(("counts", "noisy"), [((12, 9, 12, 9), False), ((11, 11, 9, 9), True), ((5, 5, 5, 5), False)])
def test_counts_that_stray_by_more_than_one_and_a_half_are_noisy(counts: tuple[int, ...], noisy: bool) -> None:
    assert Look(counts).is_noisy is noisy


def test_a_look_that_shows_nothing_has_no_attempts_and_no_cut() -> None:
    assert Look(()) == Look((), 0.0, 0, False)
    assert last_level([10] * 6) == Look((10,) * 6, 0.0, 0, False)


def test_the_attempts_of_a_step_are_those_accepted_and_throttled() -> None:
    seen = look(steady(StepPlan("look", 8, 1, 8.0, 8.0, 8.0), 20, 10))

    assert seen is not None and seen.attempts_tps == 30


FIRST = Look((20, 20, 21, 20, 20, 19, 20, 20, 20, 20, 20))


@pytest.mark.parametrize(
    ("other", "agrees"),
    [
        pytest.param((20, 20, 20, 20, 20), True, id="the same"),
        pytest.param((21, 21, 21, 21, 21), True, id="half of the difference is the error of the mean"),
        pytest.param((22, 22, 22, 22, 22), False, id="ten percent more"),
        pytest.param((18, 18, 18, 18, 18), False, id="ten percent less"),
        pytest.param((20, 20, 20), False, id="too short, once more"),
        pytest.param((3, 44, 9, 31, 11, 25), False, id="too vague"),
    ],
)
def test_looks_agree_that_tell_the_same(other: tuple[int, ...], agrees: bool) -> None:
    assert agreement.agree(FIRST, Look(other)) is agrees


def test_looks_apart_but_in_agreement_are_spanned_and_their_mean_counts_both_alike() -> None:
    together = agreement.pooled_rate([FIRST, Look((21, 21, 21, 21, 21))])

    assert together.estimate == pytest.approx((20 + 21) / 2)
    assert together.low < 20 < 21 < (together.high or 0)


def test_counting_is_no_noise_but_spread_is() -> None:
    random = Random(5)
    spread = Look(tuple(round(random.gauss(10, 3)) for _ in range(12)))

    assert agreement.noise_half_width([Look((1, 1, 2, 1, 1, 1, 2, 1))]) == 0
    assert agreement.noise_half_width([spread]) > 0.1 * 10
    assert agreement.is_too_noisy([spread])


def test_noise_of_one_look_is_noise_of_all() -> None:
    calm, spread = Look((20,) * 12), Look((10, 10, 10, 30, 30, 30, 10, 10, 10, 30, 30, 30))

    assert agreement.noise_half_width([calm, spread]) > agreement.noise_half_width([calm, calm]) == 0


def test_noise_is_three_standard_errors_of_blocks_of_three_seconds() -> None:
    """Blocks of 30 and 90 have a variance of 1,200, or 400 a second; the mean of twelve has a twelfth of it."""
    spread = Look((10,) * 6 + (30,) * 6)

    assert agreement.noise_half_width([spread]) == pytest.approx(3 * (1200 / 3) ** 0.5 / 12**0.5)


def test_two_slow_clients_share_a_limit_as_fast_ones_do() -> None:
    """A limit of 0.5 requests/s, of which another client asks for 0.25."""
    saturated = Look((1, 0, 1, 0, 1, 0, 0), attempts_tps=1.5)
    tried = PacedCounts(0.5, (1, 0, 0) * 20_000, 10_000, 0, 0.0, None, LatencyHistogram())

    assert agreement.fair_share(saturated, tried) == pytest.approx(0.25, rel=0.05)


@pytest.mark.parametrize(("level", "rate", "accepted"), [(27, 0.0, 20), (27, 90.0, 20), (0, 28.0, 20), (27, 28.0, 0)])
def test_without_two_rates_of_attempts_nothing_is_known_of_another_client(
    level: int, rate: float, accepted: int
) -> None:
    saturated = Look((level,) * 11, attempts_tps=90.0)

    assert (
        agreement.fair_share(saturated, PacedCounts(rate, (accepted,) * 9, 9, 0, 0.0, None, LatencyHistogram())) is None
    )


def test_what_another_client_leaves_follows_from_two_rates_of_attempts() -> None:
    limit, others = 30.0, 9.0
    attempts, paced = 90.0, 28.0
    saturated = Look((round(limit * attempts / (attempts + others)),) * 11, attempts_tps=attempts)
    accepted = limit * paced / (paced + others)
    seconds = 1000  # no room for chance
    tried = PacedCounts(
        paced, (round(accepted),) * seconds, round((paced - accepted) * seconds), 0, 0.0, None, LatencyHistogram()
    )

    share = agreement.fair_share(saturated, tried)

    assert share == pytest.approx(limit - others, rel=0.12)
    assert agreement.fair_share(saturated, PacedCounts(95.0, (27,) * 6, 9, 0, 0.0, None, LatencyHistogram())) is None


def test_a_fair_share_allows_for_chance() -> None:
    saturated = Look((27,) * 11, attempts_tps=90.0)
    few = PacedCounts(25.0, (25,) * 6, 0, 0, 0.0, None, LatencyHistogram())

    share = agreement.fair_share(saturated, few)

    assert share is not None
    assert share < fmean(few.accepted_by_second)


def test_where_the_other_client_takes_nearly_all_nothing_is_left() -> None:
    saturated = Look((9,) * 11, attempts_tps=90.0)
    tried = PacedCounts(30.0, (4,) * 1000, 26_000, 0, 0.0, None, LatencyHistogram())

    assert agreement.fair_share(saturated, tried) == 0


@pytest.mark.parametrize(("counts", "deviation"), [((5, 5, 5), 0.0), ((5, 7, 5, 9), 1.414), ((5, 9), 0.0), ((5,), 0.0)])
def test_jitter_is_that_of_neighbours_without_the_largest_step(counts: tuple[int, ...], deviation: float) -> None:
    assert jitter(counts) == pytest.approx(deviation, abs=1e-3)
