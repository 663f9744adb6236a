"""Latency histograms: percentiles close to exact ones, and merging equal to adding."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.load.histogram import BUCKET_GROWTH, LatencyHistogram, latencies_for

latencies_s = st.lists(st.floats(0.001, 60.0), min_size=1, max_size=200)


def histogram_of(values: list[float]) -> LatencyHistogram:
    histogram = LatencyHistogram()
    for value in values:
        histogram.add(value)
    return histogram


@given(latencies_s, st.sampled_from([0.01, 0.5, 0.95, 0.99, 1.0]))
def test_a_quantile_is_within_one_percent_of_the_exact_nearest_rank(values: list[float], q: float) -> None:
    exact_ms = 1000 * sorted(values)[max(1, math.ceil(q * len(values))) - 1]

    assert histogram_of(values).quantile_ms(q) == pytest.approx(exact_ms, rel=0.0101)


@given(latencies_s, latencies_s)
def test_merging_two_histograms_is_adding_all_values_to_one(first: list[float], second: list[float]) -> None:
    merged = histogram_of(first)
    merged.merge(histogram_of(second))

    assert merged == histogram_of([*first, *second])


@given(latencies_s)
def test_a_histogram_survives_its_stored_form(values: list[float]) -> None:
    stored = histogram_of(values).as_mapping()

    assert LatencyHistogram.from_mapping(stored) == histogram_of(values)
    assert all(isinstance(key, str) for key in stored)


def test_an_empty_histogram_has_no_quantiles() -> None:
    assert LatencyHistogram().quantile_ms(0.5) is None
    assert LatencyHistogram().count == 0


def test_a_latency_of_zero_is_counted() -> None:
    assert histogram_of([0.0, 0.0]).count == 2


def test_ten_thousand_requests_take_few_buckets() -> None:
    histogram = histogram_of([0.05 + 0.0001 * index for index in range(10_000)])

    assert len(histogram.as_mapping()) < 160


@pytest.mark.parametrize(("q", "needed"), [(0.95, 59), (0.99, 299)])
def test_a_bound_of_a_percentile_needs_as_many_latencies_as_the_binomial_says(q: float, needed: int) -> None:
    assert latencies_for(q) == needed
    assert histogram_of([0.1] * (needed - 1)).quantile_at_most_ms(q) is None
    assert histogram_of([0.1] * needed).quantile_at_most_ms(q) == pytest.approx(100 * BUCKET_GROWTH, rel=0.02)


# Ranks of "Order statistics as upper tolerance limits": of 93 latencies the second largest bounds the p95, not of 92.
@pytest.mark.parametrize(("count", "rank"), [(59, 59), (92, 92), (93, 92), (1000, 962)])
def test_the_bound_is_the_upper_edge_of_the_order_statistic_s_bin(count: int, rank: int) -> None:
    values = [1.0 * 1.001**index for index in range(count)]

    bound = histogram_of(values).quantile_at_most_ms(0.95)

    assert bound is not None
    assert 1 <= bound / (1000 * values[rank - 1]) <= BUCKET_GROWTH


def test_the_bound_covers_the_true_percentile_in_95_of_100_samples() -> None:
    random, covered = Random("bounds"), 0
    for _ in range(400):
        bound = histogram_of([0.1 + random.expovariate(1.0) for _ in range(100)]).quantile_at_most_ms(0.95)
        covered += bound is not None and bound >= 1000 * (0.1 - math.log(0.05))

    assert covered >= 0.93 * 400


@given(latencies_s)
def test_the_mean_is_within_one_percent(values: list[float]) -> None:
    assert histogram_of(values).mean_ms == pytest.approx(1000 * math.fsum(values) / len(values), rel=0.0101)
