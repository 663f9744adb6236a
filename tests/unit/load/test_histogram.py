"""Latency histograms: percentiles close to exact ones, and merging equal to adding."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.load.histogram import LatencyHistogram

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
