"""Past requests against a fixed and a scaling number of inference units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.planning.auto_scaling import (
    AutoScaling,
    ScalingDelay,
    ServedDemand,
    simulate,
    simulate_auto_scaling,
    simulate_fixed_units,
)
from tests.support import past_traffic

TPS = 5.0
FULL = round(TPS * 60)  # requests that one unit carries in a minute


def units_for(counts: list[int], *, least: int = 1, most: int = 3, period_s: int = 60) -> list[int]:
    model = AutoScaling(least, most, TPS, period_s, ScalingDelay())
    return [model.serve(count) for count in counts]


def test_it_goes_up_once_more_was_needed_for_five_minutes() -> None:
    assert units_for([2 * FULL] * 7) == [1, 1, 1, 1, 1, 2, 2]


def test_it_goes_up_to_what_was_needed_throughout() -> None:
    assert units_for([2 * FULL] * 3 + [3 * FULL] * 6) == [1, 1, 1, 1, 1, 2, 2, 2, 3]


def test_it_goes_down_when_less_was_needed_for_fifteen_minutes() -> None:
    units = units_for([2 * FULL] * 6 + [FULL] * 17)

    assert units[5:] == [2] * 16 + [1] * 2


def test_a_spike_of_a_minute_is_over_before_it_scales() -> None:
    assert set(units_for([FULL, 3 * FULL, FULL] * 20)) == {1}


def test_it_stays_between_its_minimum_and_maximum() -> None:
    assert units_for([9 * FULL] * 9, least=2)[4:] == [2, 3, 3, 3, 3]


@pytest.mark.parametrize(
    ("period_s", "seen"),
    [(60, ScalingDelay(300, 900)), (300, ScalingDelay(300, 900)), (3600, ScalingDelay(3600, 3600))],
)
def test_a_lag_within_a_period_is_seen_as_the_whole_period(period_s: int, seen: ScalingDelay) -> None:
    assert ScalingDelay().rounded_to(period_s) == seen
    assert ScalingDelay(period_s + 1, 2 * period_s + 1).in_periods(period_s) == (2, 3)


def test_a_steady_demand_within_the_minimum_is_carried_at_its_price() -> None:
    service = simulate_auto_scaling(past_traffic.steady(1, tps=4).counts, 1, 3, TPS, 60)

    assert (service.throttled_share, service.mean_units) == (0, 1)


def test_spikes_are_throttled_unless_the_maximum_runs_all_the_time() -> None:
    """Each hour 59 minutes of 60 requests, and one of 1,200, of which one unit carries 300."""
    counts = past_traffic.spikes(1).counts

    assert simulate_auto_scaling(counts, 1, 4, TPS, 60).throttled_share == pytest.approx(900 / 4740)
    assert simulate_fixed_units(counts, 4, TPS, 60).throttled_share == 0
    assert simulate_fixed_units(counts, 1, TPS, 60).fully_served_periods == 24 * 59


def test_time_without_service_costs_the_minimum_and_loses_nothing() -> None:
    service = simulate_auto_scaling([None, None, FULL, None], 1, 2, TPS, 60)

    assert service == ServedDemand(FULL, FULL, served_periods=1, fully_served_periods=1, unit_periods=4, periods=4)


@pytest.mark.parametrize(("count", "in_full"), [(FULL - 1, 1), (FULL, 1), (FULL + 1, 0)])
def test_a_period_is_served_in_full_if_no_request_of_it_is_throttled(count: int, in_full: int) -> None:
    service = simulate_fixed_units([count], 1, TPS, 60)

    assert (service.fully_served_periods, service.throttled) == (in_full, max(0, count - FULL))


def test_where_nothing_was_sent_nothing_is_throttled_and_without_a_period_no_unit_runs() -> None:
    assert simulate_fixed_units([0, None], 2, TPS, 60).throttled_share == 0
    assert simulate_fixed_units([], 2, TPS, 60).mean_units == 0


def test_each_period_has_its_units() -> None:
    with pytest.raises(ValueError, match="shorter"):
        simulate([FULL, FULL], [1], TPS, 60)


series = st.lists(st.none() | st.integers(0, 3000), max_size=120)
few, more = st.integers(1, 4), st.integers(0, 4)


@given(counts=series, least=few, extra=more, tps=st.floats(0.1, 20))
def test_what_was_sent_is_carried_or_throttled(counts: list[int | None], least: int, extra: int, tps: float) -> None:
    service = simulate_auto_scaling(counts, least, least + extra, tps, 60)

    assert service.carried + service.throttled == pytest.approx(service.sent)
    assert 0 <= service.throttled_share <= 1
    assert service.sent == sum(count for count in counts if count)


@given(counts=series, least=few, extra=more, tps=st.floats(0.1, 20))
def test_no_more_is_carried_than_the_units_in_service_can(
    counts: list[int | None], least: int, extra: int, tps: float
) -> None:
    service = simulate_auto_scaling(counts, least, least + extra, tps, 60)

    assert service.carried <= service.unit_periods * tps * 60 * (1 + 1e-12)
    assert service.carried <= service.sent


@given(counts=series, least=few, extra=more, step=st.integers(0, 2), tps=st.floats(0.1, 20))
def test_more_units_never_carry_less(counts: list[int | None], least: int, extra: int, step: int, tps: float) -> None:
    most = least + extra
    as_is = simulate_auto_scaling(counts, least, most, tps, 60)

    assert simulate_auto_scaling(counts, least, most + step, tps, 60).carried >= as_is.carried - 1e-6
    assert simulate_auto_scaling(counts, min(least + step, most), most, tps, 60).carried >= as_is.carried - 1e-6
    assert simulate_fixed_units(counts, least, tps, 60).carried <= as_is.carried + 1e-6
    assert simulate_fixed_units(counts, most, tps, 60).carried >= as_is.carried - 1e-6


@given(counts=series, least=few, extra=more, tps=st.floats(0.1, 20))
def test_scaling_costs_between_always_the_minimum_and_always_the_maximum(
    counts: list[int | None], least: int, extra: int, tps: float
) -> None:
    service = simulate_auto_scaling(counts, least, least + extra, tps, 60)

    assert not counts or least <= service.mean_units <= least + extra
