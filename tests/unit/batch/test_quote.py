"""The hours and dollars of a batch: the articles' arithmetic, and the sentences about what does not fit."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iu_tuner.contract.batch.batch_input import BatchLimitsInput, UnitsRange
from iu_tuner.contract.errors import BudgetExceeded, DeadlineImpossible
from lambdas.batch.quote import alternatives, choose_units, quote, require_possible
from lambdas.batch.unit_capacity import Capacity


def limits(**values: float) -> BatchLimitsInput:
    return BatchLimitsInput.model_validate(values)


BEES = Capacity(tps_per_unit=5, usd_per_unit_hour=4, quota=5)
HOUR_S = 3600.0
NO_LIMITS = limits(maxMinutes=1440, maxCostUsd=10_000)


@pytest.mark.parametrize(
    ("images", "units", "ideal_hours", "ideal_usd", "hours", "usd"),
    [
        (54_000, 1, 3.00, 12.00, 3.24, 12.34),
        (54_000, 2, 1.50, 12.00, 1.71, 12.44),
        (54_000, 3, 1.00, 12.00, 1.20, 12.54),
        (54_000, 5, 0.60, 12.00, 0.80, 12.74),
        (108_000, 2, 3.00, 24.00, 3.24, 24.69),
    ],
)
def test_hours_and_dollars_are_those_of_the_articles_with_start_and_stop(
    images: int, units: int, ideal_hours: float, ideal_usd: float, hours: float, usd: float
) -> None:
    said = quote(images, units, NO_LIMITS, BEES)

    assert (said.ideal_hours, said.ideal_usd) == (ideal_hours, ideal_usd)
    assert (round(said.hours, 2), round(said.usd, 2)) == (hours, usd)


@pytest.mark.parametrize(
    ("images", "hours", "unit_hours"), [(54_000, 3.0, 3.0), (54_000, 1.0, 3.0), (108_000, 3.0, 6.0)]
)
def test_the_articles_count_the_hours_of_model_time_alone(images: int, hours: float, unit_hours: float) -> None:
    units = images / (hours * HOUR_S) / BEES.tps_per_unit

    assert units * BEES.ideal_hours(images, round(units)) == unit_hours


def test_twelve_images_a_second_at_three_a_unit_are_four_units() -> None:
    at_once = Capacity(tps_per_unit=3, usd_per_unit_hour=4, quota=5)

    assert at_once.ideal_hours(12 * 3600, 4) == 1.0
    assert at_once.ideal_hours(12 * 3600, 3) > 1.0


def test_a_strict_deadline_includes_start_and_stop() -> None:
    assert choose_units(54_000, "deadline", BEES, 3 * HOUR_S) == 2
    assert choose_units(54_000, "deadline", BEES, 3.25 * HOUR_S) == 1
    said = quote(54_000, 1, NO_LIMITS, BEES).sentence
    assert said == ("1 inference unit carries them in 3.00 h of model time; with start-up 3.24 h and about $12.34")


def test_the_other_forms_of_units() -> None:
    assert choose_units(54_000, "deadline", BEES, None) == 1
    assert choose_units(54_000, "fastest", BEES, None) == 5
    assert choose_units(54_000, UnitsRange(min=2, max=4), BEES, None) == 2


def test_the_alternatives_are_the_other_numbers_of_units() -> None:
    rows = {row.inference_units: (row.hours, row.usd) for row in alternatives(54_000, BEES, chosen_units=1)}

    assert rows[3] == (1.2, 12.54)
    assert sorted(rows) == [2, 3, 4, 5]


def test_a_deadline_that_the_quota_does_not_meet_is_impossible() -> None:
    with pytest.raises(DeadlineImpossible) as refused:
        choose_units(54_000, "deadline", BEES, 0.5 * HOUR_S)

    assert refused.value.sentence == (
        "54,000 images within 0.5 h are 30 TPS, and 47.4 TPS after 11 min of start-up and stop; 5 inference units,"
        " your quota, carry 24.5: raise the quota to 10, or allow 0.80 h with start-up"
    )


@pytest.mark.parametrize(
    ("units", "hours", "advice"),
    [
        (1, 3.0, "1 inference unit carries 4.9: give units 2, or allow 3.24 h with start-up"),
        ("deadline", -1.0, "the deadline has passed: allow 0.80 h with start-up"),
        ("fastest", 0.1, "but 11 min of start-up and stop leave no time"),
        (UnitsRange(min=1, max=2), 1.0, "give units 4, or allow 1.71 h"),
    ],
)
def test_units_that_miss_the_deadline_are_said_before_the_start(
    units: int | str | UnitsRange, hours: float, advice: str
) -> None:
    with pytest.raises(DeadlineImpossible) as refused:
        choose_units(54_000, units, BEES, hours * HOUR_S)  # type: ignore[arg-type]

    assert advice in refused.value.sentence


@given(
    images=st.integers(1, 10**7),
    tps=st.floats(0.1, 100),
    quota=st.integers(1, 50),
    hours=st.floats(-1, 100),
    start_s=st.sampled_from([0.0, 600.0, 1200.0]),
)
def test_the_advice_is_true_and_the_units_are_the_fewest(
    images: int, tps: float, quota: int, hours: float, start_s: float
) -> None:
    capacity = Capacity(tps, 4.0, quota, start_s)
    try:
        units = choose_units(images, "deadline", capacity, hours * HOUR_S)
    except DeadlineImpossible as refused:
        assert capacity.hours(images, quota) > hours * (1 - 1e-9)
        if raised := re.search(r"raise the quota to (\d+)", refused.sentence):
            assert choose_units(images, "deadline", Capacity(tps, 4.0, int(raised[1]), start_s), hours * HOUR_S)
        return

    assert capacity.hours(images, units) <= hours * (1 + 1e-9)
    assert units == 1 or capacity.hours(images, units - 1) > hours * (1 - 1e-9)


def test_a_quote_above_a_limit_is_refused_with_the_way_out() -> None:
    with pytest.raises(BudgetExceeded, match=r"cost up to \$12\.\d\d, more than limits.maxCostUsd = 12"):
        quote(54_000, 1, limits(maxCostUsd=12), BEES)
    with pytest.raises(BudgetExceeded, match=r"take 195 minutes .* more than limits.maxMinutes = 120 - .*units 2"):
        quote(54_000, 1, limits(maxMinutes=120), BEES)


@given(images=st.integers(1, 10**6), units=st.integers(1, 10), tps=st.floats(0.5, 50))
def test_the_limit_is_compared_with_the_pricing_rule(images: int, units: int, tps: float) -> None:
    capacity = Capacity(tps, 4.0, 10, start_tail_s=30)
    by_rule = units * (30 + images / (tps * units * 0.95) + 90) / 3600 * 4.0

    assert math.isclose(capacity.quoted_usd(images, units), by_rule)


@pytest.mark.parametrize(
    ("images", "within_s", "account_tps", "said"),
    [
        (1, 660, None, "start-up and stop take 11 min, and the deadline leaves 11"),
        (1, -5, 50, "and the deadline leaves 0: give a later deadline"),
        (36_001, 1320, 50, "36,001 images within 0.183 h are 54.5 TPS, and your account's quota of requests is 50"),
    ],
)
def test_a_deadline_that_no_rate_meets_is_impossible(
    images: int, within_s: float, account_tps: float | None, said: str
) -> None:
    with pytest.raises(DeadlineImpossible, match=re.escape(said)):
        require_possible(images, within_s, 660, account_tps)


@pytest.mark.parametrize(("within_s", "account_tps"), [(661, None), (1380, 50)])
def test_a_deadline_that_may_be_met_is_left_to_the_run(within_s: float, account_tps: float | None) -> None:
    require_possible(36_000, within_s, 660, account_tps)
