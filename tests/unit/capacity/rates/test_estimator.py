"""The estimator: what per-second counts say about max TPS, and how surely."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random
from statistics import fmean

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lambdas.capacity.rates import estimator
from lambdas.capacity.rates.interval import CONFIDENCE, Interval
from lambdas.load.counts import StepCounts, WorkerCounts
from lambdas.load.histogram import LatencyHistogram
from lambdas.load.step import StepPlan

counts_per_second = st.lists(st.integers(0, 300), min_size=4, max_size=50)


def step_of(accepted: list[int], throttled: list[int], seconds: float, ready_s: float = -0.5) -> StepCounts:
    plan = StepPlan("ramp", lanes=8, workers=1, base_s=4, extended_s=16, max_s=20)
    worker = WorkerCounts(
        accepted, throttled, [], accepted, {}, LatencyHistogram(), seconds, ready_s, client_utilization=1.0
    )
    return StepCounts(plan, [worker])


def refilled_evenly(tps: float, seconds: int, phase: float) -> list[int]:
    """Whole tokens that a bucket without credit hands out each second."""
    return [math.floor(tps * (s + 1) + phase) - math.floor(tps * s + phase) for s in range(seconds)]


@given(counts_per_second)
def test_an_interval_contains_its_estimate(counts: list[int]) -> None:
    interval = estimator.interval(counts)

    assert interval.high is not None
    assert 0 <= interval.low <= interval.estimate <= interval.high
    assert min(counts) <= interval.estimate <= max(counts)


@given(st.floats(0.5, 200), st.integers(8, 40), st.floats(0, 0.999))
def test_a_perfect_rate_limiter_is_found_to_within_a_count(tps: float, seconds: int, phase: float) -> None:
    interval = estimator.interval(refilled_evenly(tps, seconds, phase))

    assert interval.high is not None
    assert abs(interval.estimate - tps) <= 1 / (seconds - 4)
    assert interval.low <= tps <= interval.high
    assert interval.half_width <= max(2.01 / seconds, 0.011 * tps)


@pytest.mark.parametrize(("mean", "spread"), [(5, 1.5), (24, 4.0), (100, 5.0)])
def test_the_interval_of_noisy_counts_holds_the_truth_in_most_runs(mean: float, spread: float) -> None:
    random = Random(4)
    runs = [[max(0, round(random.gauss(mean, spread))) for _ in range(14)] for _ in range(600)]

    intervals = [estimator.interval(run) for run in runs]

    held = fmean(each.low <= mean <= (each.high or 0) for each in intervals)
    assert held >= CONFIDENCE - 0.02


@pytest.mark.parametrize(
    ("counts", "tps"),
    [
        ([1, 27, 0, 28, 1, 27, 0, 28, 0, 28, 0], 14.0),  # a 2-s window: 11 s would count one dark second too many
        ([36, 0, 0, 36, 0, 0, 36, 0, 0, 36, 0], 12.0),
        ([20, 10, 20, 10, 20, 10, 20, 10, 20], 15.0),
    ],
)
def test_counts_that_come_in_waves_are_taken_by_whole_waves(counts: list[int], tps: float) -> None:
    interval = estimator.interval(counts)

    assert interval.estimate == pytest.approx(tps, rel=0.01)
    assert interval.half_width < 0.1 * tps


def test_noise_of_executors_counts_where_few_answers_hide_it() -> None:
    random, covered = Random(3), dict.fromkeys((True, False), 0)
    for _ in range(300):
        now_s, counts = random.random() / 3, [0] * 12
        while now_s < 12:
            counts[int(now_s)] += 1
            now_s += random.gammavariate(25, 1 / 75)  # 3 answers/s of one executor, cv 0.2
        for noisy in covered:
            found = estimator.interval(counts, noisy=noisy)
            covered[noisy] += found.low <= 3 <= (found.high or 0)

    assert covered[True] > 0.9 * 300 > covered[False]


def test_no_interval_is_narrower_than_one_percent() -> None:
    assert estimator.interval([200] * 40).half_width == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("seconds", "factor"),
    [
        (2, 5.52),
        (4, 5.52),
        (6, 4.54),
        (8, 3.98),
        (10, 3.71),
        (12, 3.64),
        (14, 3.50),
        (16, 3.41),
        (18, 3.38),
        (20, 3.35),
        (30, 3.17),
        (60, 3.17),
    ],
)
def test_an_interval_is_as_wide_as_the_counts_stray_by_the_factor_of_its_length(seconds: int, factor: float) -> None:
    """Halves of 120 and 80 stray by 20 for each second of a half."""
    counts = [120] * (seconds // 2) + [80] * (seconds // 2)

    assert estimator.interval(counts).half_width == pytest.approx(factor * 10)


@pytest.mark.parametrize(("counts", "half"), [([12, 10, 12, 10], 1.5 / 4), ([13, 10, 13, 10], 5.52 * 1.5 / 4)])
def test_a_deviation_of_one_is_counting(counts: list[int], half: float) -> None:
    assert estimator.interval(counts).half_width == pytest.approx(half)


def test_stretches_count_by_their_length_and_their_errors_are_independent() -> None:
    """Half-widths of 1.5 counts each: together the root of 2 times 1.5, in 12 seconds."""
    pooled = estimator.pooled_interval([[20] * 8, [26] * 4])

    assert pooled.estimate == 22
    assert pooled.half_width == pytest.approx(((8 * 0.2) ** 2 + (4 * 0.375) ** 2) ** 0.5 / 12)
    assert pooled.high == pytest.approx(22 + pooled.half_width)


@pytest.mark.parametrize(
    ("counts", "period"),
    [
        ([3, 1] * 4, 1),  # strays by a count
        ([5, 1] * 4, 2),
        ([10, 10, 6, 6] * 3, 4),  # a swing of half of the mean
        ([9, 9, 7, 7] * 3, 1),
        ([9, 1, 1, 9, 1, 1], 3),  # twice is enough
        ([9, 1, 1, 9, 1], 1),
        ([6, 0, 6, 2, 6, 0, 6, 2], 2),  # sums of 6 and 8
        ([6, 0, 6, 3, 6, 0, 6, 3], 4),
    ],
)
def test_counts_have_the_period_whose_sums_are_alike(counts: list[int], period: int) -> None:
    assert estimator.period_of(counts) == period


def test_requests_without_a_reply_are_added_to_the_upper_end() -> None:
    found = Interval(20.0, 19.0, 21.0)

    assert estimator.widen_by_lost_requests(found, 1.5) == Interval(20.0, 19.0, 22.5)
    assert estimator.widen_by_lost_requests(Interval.lower_bound(20.0), 1.5) == Interval.lower_bound(20.0)


@pytest.mark.parametrize(
    ("accepted", "throttled", "inside"),
    [
        pytest.param([10] * 12, [9] * 12, 11, id="twelve seconds"),
        pytest.param([7] * 12, [3] * 12, 11, id="three of ten throttled"),
        pytest.param([10] * 12, [0, 0, *[9, 0, 9, 0, 9] * 2], 9, id="throttled in 60 percent from the first one on"),
        pytest.param([10] * 12, [0, 0, *[9, 0, 9, 0, 0] * 2], None, id="throttled in 40 percent"),
    ],
)
def test_a_step_is_saturated_from(accepted: list[int], throttled: list[int], inside: int | None) -> None:
    found = estimator.saturated_seconds(step_of(accepted, throttled, 12.0))

    assert (found and len(found)) == inside


@pytest.mark.parametrize(("seconds", "inside"), [(6.0, 4), (5.0, None)])
def test_four_seconds_inside_are_enough_for_a_short_step(seconds: float, inside: int | None) -> None:
    counts = step_of([10] * 6, [0, *[9] * 5], seconds)

    found = estimator.saturated_seconds(counts, 5.0)

    assert (found and len(found)) == inside


@pytest.mark.parametrize(
    ("accepted", "stalled", "inside"),
    [
        pytest.param([20, 0] * 8, [5], [0, 20] * 4 + [0], id="waves: the longer stretch"),
        pytest.param([20, 0] * 8, [11], [0, 20] * 5, id="waves: the stretch before the stall"),
        pytest.param([20, 0] * 8, [], [0, 20] * 7 + [0], id="waves without a stall"),
        pytest.param([10] * 16, [5], [10] * 13, id="no waves: all of it"),
    ],
)
def test_of_waves_that_a_stall_interrupts_the_longest_stretch_counts(
    accepted: list[int], stalled: list[int], inside: list[int]
) -> None:
    """A stall spoils its second and the next one, in which the first throttle follows."""
    step = step_of(accepted, [9] * 16, 16.0)
    step = replace(step, workers=[replace(worker, stalled=stalled) for worker in step.workers])

    assert estimator.saturated_seconds(step) == inside


@pytest.mark.parametrize(
    ("accepted", "throttled", "tps"),
    [
        pytest.param([40, 30, 10, 10, 10, 10], [0, 5], 10, id="after the first refusal"),
        pytest.param([40, 30, 20, 10, 10, 10], [0, 0, 5], 16, id="too few after it"),
        pytest.param([40, 30, 20, 10], [], 20, id="never refused: after the first second"),
        pytest.param([40], [9], 0, id="a single second"),
    ],
)
def test_the_accepted_rate_of_a_step(accepted: list[int], throttled: list[int], tps: float) -> None:
    assert estimator.accepted_rate(step_of(accepted, throttled, float(len(accepted)))) == tps


def test_saturated_seconds_begin_after_the_first_throttle_and_end_with_the_last() -> None:
    accepted = [25, 21, *[10] * 12]
    throttled = [0, 5, *[9] * 11, 0]

    assert estimator.saturated_seconds(step_of(accepted, throttled, 14.0)) == [10] * 11


@pytest.mark.parametrize(
    ("accepted", "throttled", "seconds"),
    [
        pytest.param([10] * 16, [], 16.0, id="never throttled"),
        pytest.param([10] * 11, [9] * 11, 11.9, id="too short"),
        pytest.param([10] * 16, [0] * 13 + [90] * 3, 16.0, id="throttled too late"),
        pytest.param([10] * 16, [1] * 16, 16.0, id="hardly throttled"),
    ],
)
def test_a_step_is_not_saturated_when(accepted: list[int], throttled: list[int], seconds: float) -> None:
    assert estimator.saturated_seconds(step_of(accepted, throttled, seconds)) is None


def test_seconds_in_which_a_late_worker_was_not_there_do_not_count() -> None:
    late = step_of([10] * 16, [9] * 16, 16.0, ready_s=2.5)

    assert len(estimator.saturated_seconds(late) or []) == 16 - 4


def test_seconds_with_nothing_accepted_count_as_zeros() -> None:
    quota_used_up = step_of([10, 10], [5] * 16, 16.0)

    assert estimator.saturated_seconds(quota_used_up) == [10, *[0] * 14]


@pytest.mark.parametrize(
    ("counts", "windowed"),
    [
        ([60, 60, 0, 0, 0, 60, 60, 0, 0, 0], True),
        ([0] * 12, True),  # a window longer than the step, and used up
        ([28, 0, 28, 0, 28, 0], False),
        ([10] * 12, False),
        ([1, 0, 0, 0, 1, 0, 0, 0, 1], False),  # a quarter of a request per second, evenly
        ([2, 0, 0, 0, 2, 0, 0, 0, 2], True),
        ([0, 0, 60, 60, 0, 0, 60, 60], False),  # two dark seconds are too few
    ],
)
def test_quota_windows_show_as_dark_stretches(counts: list[int], windowed: bool) -> None:
    assert estimator.is_windowed(counts) is windowed


@given(st.integers(3, 12), st.integers(5, 400), st.integers(0, 11), st.integers(1, 3))
def test_a_windowed_quota_is_counted_exactly_from_refill_to_refill(
    window_s: int, quota: int, phase: int, lit_s: int
) -> None:
    assume(phase < window_s and lit_s < window_s and quota >= lit_s)
    one = [quota - (lit_s - 1) * (quota // lit_s), *[quota // lit_s] * (lit_s - 1), *[0] * (window_s - lit_s)]
    seen = ([*one] * 8)[phase : phase + 40]

    tps = estimator.rate_between_refills(seen)

    assert tps is not None
    assert tps.estimate == pytest.approx(quota / window_s)
    assert estimator.seconds_between_refills(seen) == pytest.approx(window_s)


def test_two_refills_tell_a_rate_to_within_two_requests() -> None:
    assert estimator.rate_between_refills([0, 40, 0, 0, 0, 40, 0]) == Interval(10.0, 9.5, 10.5)
    assert estimator.seconds_between_refills([0, 40, 0, 0, 0, 40, 0]) == 4


def test_one_refill_tells_no_rate() -> None:
    assert estimator.rate_between_refills([40, 0, 0, 0, 40, 40]) is None
    assert estimator.seconds_between_refills([40, 0, 0, 0, 40, 40]) == 0


@given(st.floats(0.5, 200), st.integers(8, 40), st.floats(0, 0.999))
def test_a_rate_limiter_is_never_called_unsteady(tps: float, seconds: int, phase: float) -> None:
    counts = refilled_evenly(tps, seconds, phase)

    assert estimator.is_steady(counts, estimator.interval(counts).half_width)


@pytest.mark.parametrize("tps", [5, 20, 80])
def test_a_rate_that_doubles_in_the_middle_is_called_unsteady(tps: int) -> None:
    counts = [tps] * 7 + [2 * tps] * 7

    assert not estimator.is_steady(counts, estimator.interval(counts).half_width)


def test_noise_is_not_called_unsteady() -> None:
    random = Random(7)
    runs = [[max(0, round(random.gauss(6, 2))) for _ in range(14)] for _ in range(300)]

    unsteady = fmean(not estimator.is_steady(run, estimator.interval(run).half_width) for run in runs)

    assert unsteady < 0.02


def test_the_rate_of_one_unit_is_estimate_and_bounds_divided() -> None:
    assert Interval(12.0, 9.0, 15.0).per_unit(3) == Interval(4.0, 3.0, 5.0)
    assert Interval.lower_bound(12.0).per_unit(3) == Interval(4.0, 4.0, None)


def test_a_lower_bound_has_no_top() -> None:
    assert (Interval(12.0, 9.0, 15.0).upper_end, Interval.lower_bound(12.0).upper_end) == (15.0, math.inf)


@pytest.mark.parametrize(("rise", "half", "steady"), [(2, 0.0, True), (3, 0.0, False), (3, 3.0, True)])
def test_halves_differ_by_four_standard_errors_or_the_half_width(rise: int, half: float, steady: bool) -> None:
    """Neighbours that differ by two have a noise of 1.4, and halves of eight seconds differ by half as much."""
    counts = [10, 12] * 8
    risen = [count + (rise if second >= 8 else 0) for second, count in enumerate(counts)]

    assert estimator.is_steady(risen, half) is steady


@pytest.mark.parametrize(("seconds", "steady"), [(7, True), (8, False)])
def test_halves_of_less_than_four_seconds_tell_nothing(seconds: int, steady: bool) -> None:
    assert estimator.is_steady([10] * (seconds // 2) + [90] * (seconds - seconds // 2), 0.0, errors=1.0) is steady
