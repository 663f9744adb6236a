"""From TPS per inference unit to inference units: the articles' examples, and what must hold for all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.capacity.rates.interval import Interval
from lambdas.planning.demand import BatchDemand, TrafficDemand
from lambdas.planning.recommendation import MAX_TABLE_ROWS, recommend
from lambdas.planning.sizing import ReducedRate, per_unit_of, units_for

PRICE = 4.0


def exactly(tps: float) -> Interval:
    return Interval(tps, tps, tps)


@pytest.mark.parametrize(("tps", "wanted", "units"), [(5, 15, 3), (3, 12, 4)])
def test_the_articles_traffic_examples(tps: float, wanted: float, units: int) -> None:
    advice = recommend(exactly(tps), TrafficDemand(wanted, wanted), PRICE)

    assert (advice.min_inference_units, advice.max_inference_units) == (units, units)


@pytest.mark.parametrize(
    ("images", "within", "units", "unit_hours"), [(54_000, 3, 1, 3), (54_000, 1, 3, 3), (108_000, 3, 2, 6)]
)
def test_the_articles_batch_examples(images: int, within: float, units: int, unit_hours: float) -> None:
    batch = recommend(exactly(5), BatchDemand(images, within), PRICE).batch

    assert batch is not None
    assert (batch.inference_units, batch.inference_unit_hours) == (units, pytest.approx(unit_hours))
    assert batch.usd == pytest.approx(unit_hours * PRICE)


def test_minimum_from_the_average_and_maximum_from_the_peak() -> None:
    advice = recommend(Interval(5.01, 4.93, 5.09), TrafficDemand(6, 15), PRICE)

    assert (advice.min_inference_units, advice.max_inference_units) == (2, 3)
    assert "At the low end of the interval (4.93 TPS per inference unit) 15 TPS would need 4" in advice.reasons


def test_nothing_is_said_of_the_low_end_if_it_needs_as_many_units() -> None:
    advice = recommend(Interval(5.01, 5.0, 5.02), TrafficDemand(6, 15), PRICE)

    assert advice.max_inference_units == 3
    assert "low end" not in "; ".join(advice.reasons)


@pytest.mark.parametrize(("low", "said"), [(0.0, False), (0.4, True), (0.45, True), (0.5, False)])
def test_the_low_end_is_a_caution_however_slow_the_model_is_unless_it_is_nothing(low: float, said: bool) -> None:
    advice = recommend(Interval(0.5, low, 0.6), TrafficDemand(1, 1), PRICE)

    assert ("At the low end" in "; ".join(advice.reasons)) is said


def test_headroom_is_added_to_both() -> None:
    advice = recommend(exactly(5), TrafficDemand(5, 10, headroom=0.2), PRICE)

    assert (advice.min_inference_units, advice.max_inference_units) == (2, 3)


@pytest.mark.parametrize(
    ("demand", "said"),
    [
        (TrafficDemand(2, 4), "AWS advises at least two inference units in production"),
        (TrafficDemand(2, 26), "More than 5 inference units per model need a quota raise"),
        (TrafficDemand(2, 51), "More than 50 TPS per account and Region need a quota raise"),
        (TrafficDemand(2, 4), "give demand.headroom if your traffic is spiky"),
        (BatchDemand(1_000_000, 1), "More than 5 inference units per model need a quota raise"),
    ],
)
def test_what_the_user_should_know_is_said(demand: TrafficDemand | BatchDemand, said: str) -> None:
    assert said in "; ".join(recommend(exactly(5), demand, PRICE).reasons)


@pytest.mark.parametrize(
    ("demand", "not_said"),
    [
        (TrafficDemand(8, 25, headroom=0.0), "quota raise"),
        (TrafficDemand(8, 50), "TPS per account and Region"),
        (TrafficDemand(8, 20), "at least two"),
        (TrafficDemand(8, 20, headroom=0.1), "spiky"),
    ],
)
def test_what_does_not_apply_is_not_said(demand: TrafficDemand, not_said: str) -> None:
    assert not_said not in "; ".join(recommend(exactly(5), demand, PRICE).reasons)


def test_a_lower_bound_says_that_fewer_may_do() -> None:
    advice = recommend(Interval.lower_bound(5), TrafficDemand(6, 15), PRICE)

    assert "fewer inference units may do, unless burst credit was part of it" in "; ".join(advice.reasons)


def test_without_a_demand_the_table_is_the_answer() -> None:
    advice = recommend(exactly(5.01), None, PRICE)

    assert (advice.min_inference_units, advice.max_inference_units) == (None, None)
    assert [row.inference_units for row in advice.table] == [1, 2, 3, 4, 5]
    assert advice.table[1].tps == pytest.approx(10.02)
    assert advice.table[0].usd_per_1000_images == pytest.approx(1000 * 4 / (5.01 * 3600))


@pytest.mark.parametrize(("wanted", "rows"), [(30, 6), (500, 100), (2000, 100)])
def test_the_table_has_a_row_for_each_number_of_units_that_may_be_needed(wanted: float, rows: int) -> None:
    table = recommend(exactly(5), TrafficDemand(1, wanted), PRICE).table

    assert [row.inference_units for row in table] == list(range(1, rows + 1))
    assert MAX_TABLE_ROWS == 100


@pytest.mark.parametrize(
    ("per_unit", "wanted", "units"),
    [
        (Interval(4.99, 4.9, 5.08), 15, 3),  # 14.97 of 15: within a percent, and within the interval
        (Interval(4.99, 4.985, 4.995), 15, 4),  # within a percent, but measured too well to doubt
        (Interval(4.9, 4.0, 5.8), 15, 4),  # a shortfall of 2 % is not rounding
        (Interval.lower_bound(4.99), 15, 4),
        (exactly(5), 0.001, 1),
    ],
)
def test_rounding_does_not_buy_an_inference_unit(per_unit: Interval, wanted: float, units: int) -> None:
    assert units_for(wanted, per_unit) == units


@pytest.mark.parametrize(("high", "units"), [(10.0, 3), (9.99, 4)])
def test_one_unit_fewer_has_to_carry_the_demand_at_the_upper_end(high: float, units: int) -> None:
    """Three units carry 29.85 of 30 TPS: within a percent."""
    assert units_for(30, Interval(9.95, 9.8, high)) == units


FIVE_THEN_FOUR = exactly(5), ReducedRate(2, exactly(4))


@pytest.mark.parametrize(("units", "tps"), [(1, 5), (2, 5), (3, 4)])
def test_the_reduced_rate_is_that_of_models_with_more_units(units: int, tps: float) -> None:
    assert per_unit_of(units, *FIVE_THEN_FOUR).estimate == tps
    assert recommend(FIVE_THEN_FOUR[0], None, PRICE, FIVE_THEN_FOUR[1]).table[units - 1].tps == units * tps


@pytest.mark.parametrize(("wanted", "units"), [(10, 2), (10.2, 3), (12, 3), (13, 4)])
def test_a_demand_beyond_so_many_units_is_sized_by_the_reduced_rate(wanted: float, units: int) -> None:
    assert units_for(wanted, *FIVE_THEN_FOUR) == units
    assert units_for(wanted, FIVE_THEN_FOUR[0]) == (2 if wanted == 10 else 3)


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (18_000, "18,000 images within 1 h are 5.00 TPS; 1 inference unit needs 1.00 h"),
        (27_000, "27,000 images within 1 h are 7.50 TPS; 2 inference units need 0.75 h"),
    ],
)
def test_a_batch_says_for_how_long_its_units_run(images: int, said: str) -> None:
    assert recommend(exactly(5), BatchDemand(images, 1), PRICE).reasons[0] == said


@pytest.mark.parametrize(("tps", "said"), [(999.4, "peak demand 999.4 TPS"), (1000, "peak demand 1,000 TPS")])
def test_rates_of_a_thousand_and_more_have_a_comma(tps: float, said: str) -> None:
    assert said in recommend(exactly(5), TrafficDemand(1, tps), PRICE).reasons[1]


rates = st.floats(0.1, 500)


@given(tps=rates, wanted=st.floats(0.01, 5000), spread=st.floats(0, 0.5))
def test_the_recommended_units_carry_the_demand_to_within_a_percent(tps: float, wanted: float, spread: float) -> None:
    per_unit = Interval(tps, tps * (1 - spread), tps * (1 + spread))

    units = units_for(wanted, per_unit)

    assert units * tps >= 0.99 * wanted - 1e-6
    assert units == 1 or (units - 1) * tps < wanted


@given(tps=rates, average=st.floats(0.01, 500), more=st.floats(1, 5))
def test_the_maximum_is_never_below_the_minimum(tps: float, average: float, more: float) -> None:
    advice = recommend(exactly(tps), TrafficDemand(average, average * more), PRICE)

    assert advice.min_inference_units is not None
    assert advice.max_inference_units is not None
    assert 1 <= advice.min_inference_units <= advice.max_inference_units


@given(tps=rates, images=st.integers(1, 10**7), within=st.floats(0.05, 200))
def test_a_batch_meets_its_deadline(tps: float, images: int, within: float) -> None:
    batch = recommend(exactly(tps), BatchDemand(images, within), PRICE).batch

    assert batch is not None
    assert batch.hours <= within * 1.0101


def test_how_busy_the_units_are_leaves_the_headroom_out() -> None:
    plain, roomy = (recommend(exactly(5), TrafficDemand(6, 15, headroom), PRICE) for headroom in (0.0, 0.3))

    assert (plain.utilization_at_average, plain.utilization_at_peak, plain.usd_per_month) == (0.6, 1.0, 5840.0)
    assert (roomy.max_inference_units, roomy.utilization_at_peak) == (4, 0.75)
    assert [row.utilization_at_peak for row in plain.table] == pytest.approx([3.0, 1.5, 1.0, 0.75, 0.6])
    assert recommend(exactly(5), None, PRICE).table[0].utilization_at_peak is None


def test_a_lost_zone_takes_half_of_the_units_rounded_up() -> None:
    rows = recommend(exactly(5), None, PRICE).table

    assert [row.tps_with_one_zone_lost for row in rows] == [0, 5, 5, 10, 10]


def test_the_advice_on_spiky_traffic_names_what_random_requests_need() -> None:
    said = "; ".join(recommend(exactly(5), TrafficDemand(6, 15), PRICE).reasons)

    assert "carries 15 requests/s throttles 3.3 % of 15 random (Poisson) requests/s, and one that carries 20" in said


@pytest.mark.parametrize(("demand_tps", "units"), [(100.0, 3), (100.1, 4), (99.0, 3)])
def test_one_unit_fewer_may_lack_one_percent_within_the_interval(demand_tps: float, units: int) -> None:
    assert units_for(demand_tps, Interval(33.0, 32.0, 34.0)) == units
