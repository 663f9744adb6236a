"""Each number that the output has of a demand from the past, and how it is rounded."""

from __future__ import annotations

import pytest

from iu_tuner.contract.output.recommendation import BusyHour
from lambdas.planning.auto_scaling import ServedDemand
from lambdas.planning.demand import PastDemand
from lambdas.planning.demand_output import carried_row, demand_row, scaling_row
from tests.support.past_traffic import DAY, history


def test_the_distribution_has_the_rates_that_so_many_percent_of_the_minutes_did_not_exceed() -> None:
    rising = history([60 * rate for rate in range(1, 201)])

    found = demand_row(PastDemand(14, 99), rising).distribution

    assert (found.p50, found.p90, found.p95, found.p99, found.max) == (100, 180, 190, 198, 200)


def test_rates_have_three_digits_after_the_point_and_shares_four() -> None:
    past = history([1, 10_000, None, 5], throttled=7)

    row = demand_row(PastDemand(14, 50), past)

    assert row.average_tps == row.peak_tps == 55.589  # 10,006 requests in three minutes
    assert row.throttled_share == 0.0007
    assert (row.minutes, row.requests) == (3, 10_006)
    assert (row.distribution.p50, row.distribution.max) == (0.083, 166.667)


def test_the_five_busiest_hours_are_shown_with_their_day_and_rates() -> None:
    hours = {9: 60, 30: 600, 31: 300, 54: 120, 55: 120, 77: 1}  # by the hour of the week; requests a minute
    past = history([hours.get(minute // 60) for minute in range(7 * DAY)])

    assert demand_row(PastDemand(7, 99), past).busiest_hours == (
        BusyHour(day="TUE", hour_utc=6, requests=36_000, average_tps=10.0, peak_tps=10.0),
        BusyHour(day="TUE", hour_utc=7, requests=18_000, average_tps=5.0, peak_tps=5.0),
        BusyHour(day="WED", hour_utc=6, requests=7_200, average_tps=2.0, peak_tps=2.0),
        BusyHour(day="WED", hour_utc=7, requests=7_200, average_tps=2.0, peak_tps=2.0),
        BusyHour(day="MON", hour_utc=9, requests=3_600, average_tps=1.0, peak_tps=1.0),
    )


def test_an_hour_without_requests_is_not_busy_however_few_the_others_have() -> None:
    past = history([1, *[0] * 119, 3, 0, 0, 9, 1])  # MON 0:00 to 2:05

    assert demand_row(PastDemand(7, 99), past).busiest_hours == (
        BusyHour(day="MON", hour_utc=2, requests=13, average_tps=0.043, peak_tps=0.15),
        BusyHour(day="MON", hour_utc=0, requests=1, average_tps=0.0, peak_tps=0.017),
    )


@pytest.mark.parametrize(
    ("hour", "day", "hour_utc"), [(0, "MON", 0), (23, "MON", 23), (24, "TUE", 0), (167, "SUN", 23)]
)
def test_a_busy_hour_has_its_day(hour: int, day: str, hour_utc: int) -> None:
    past = history([60 if minute // 60 == hour else None for minute in range(7 * DAY)])

    (busy,) = demand_row(PastDemand(7, 99), past).busiest_hours

    assert (busy.day, busy.hour_utc) == (day, hour_utc)


def test_without_runs_of_this_tuner_none_is_told() -> None:
    assert demand_row(PastDemand(7, 99), history([60])).own_runs_excluded == 0


def test_what_auto_scaling_would_have_done_is_rounded() -> None:
    """One unit carries 360 of the 600 requests of a minute, and after five minutes there are two."""
    row = scaling_row(history([600] * 6 + [0]), 1, 2, 6.0, 4.003, "Rekognition")

    assert (row.throttled_share, row.mean_inference_units, row.usd_per_month) == (0.3333, 1.286, 3757.1)
    assert (row.always_max.throttled_share, row.always_min.usd_per_month) == (0.0, 2922.19)


def test_the_profile_of_the_week_has_the_mean_and_the_highest_minute_of_each_hour() -> None:
    past = history([20, *[6] * 58, 7, *[0] * 60])

    profile = demand_row(PastDemand(7, 99), past).hour_of_week

    assert profile.average_tps[:3] == (0.104, 0.0, None)
    assert profile.peak_tps[:3] == (0.333, 0.0, None)


def test_a_past_without_requests_has_neither_times_nor_rates() -> None:
    row = demand_row(PastDemand(14, 99), history([0, 0]))

    assert (row.from_, row.to, row.average_tps, row.peak_tps, row.throttled_share) == (None, None, None, None, None)


def test_what_the_maximum_would_have_carried_is_a_share_of_minutes_and_of_requests() -> None:
    served = ServedDemand(sent=9, carried=6.0, served_periods=7, fully_served_periods=3, unit_periods=28, periods=7)

    row = carried_row(served, 4)

    assert (row.inference_units, row.minutes_share, row.requests_share) == (4, 0.4286, 0.6667)


@pytest.mark.parametrize(("percentile", "peak"), [(50, 5.75), (75, 5.75), (75.1, 20.0)])
def test_the_peak_is_a_percentile_and_never_below_the_average(percentile: float, peak: float) -> None:
    assert demand_row(PastDemand(14, percentile), history([60, 60, 60, 1200])).peak_tps == peak
