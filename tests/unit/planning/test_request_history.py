"""What CloudWatch's sums become: when the model served, what it was asked for then, and in which hours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.models.usage import UsageSums, Window
from lambdas.planning.request_history import build_history
from tests.support import past_traffic
from tests.support.past_traffic import MONDAY, history

WINDOW = Window(1, MONDAY, MONDAY + 3 * 3600, 60)


def seen(
    successful: dict[int, float],
    *,
    throttled: dict[int, float] | None = None,
    in_service: dict[int, float] | None = None,
    of_model: bool = True,
) -> UsageSums:
    """Sums by the minute after MONDAY."""
    at = [
        {MONDAY + 60 * minute: value for minute, value in (sums or {}).items()}
        for sums in (successful, throttled, in_service)
    ]
    return UsageSums(at[0], at[1], at[2], of_model=of_model)


@pytest.mark.parametrize(("days", "period_s"), [(1, 60), (15, 60), (16, 300), (63, 300), (64, 3600), (455, 3600)])
def test_a_window_has_the_shortest_periods_that_are_kept_so_long(days: int, period_s: int) -> None:
    now = MONDAY + 12_345.6

    window = Window.before(now, days)

    assert window.period_s == period_s
    assert window.start_s % period_s == window.end_s % period_s == 0
    # CloudWatch refuses a start before the time that it keeps, and has no period that has not ended.
    assert now - days * 86_400 + period_s <= window.start_s < now - days * 86_400 + 2 * period_s
    assert now - period_s < window.end_s <= now


@pytest.mark.parametrize("per_hour", [1, 12, 60])
@pytest.mark.parametrize(("hours", "kept", "begins"), [(167, 167, 0), (168, 168, 0), (170, 168, 2), (340, 336, 4)])
def test_whole_weeks_are_the_last_ones(hours: int, kept: int, begins: int, per_hour: int) -> None:
    past = history(range(hours * per_hour), period_s=3600 // per_hour)

    weeks = past.whole_weeks

    assert weeks.counts == past.counts[-kept * per_hour :]
    assert weeks.start_s == MONDAY + 3600 * begins


def test_attempts_are_those_answered_and_those_throttled() -> None:
    found = build_history(WINDOW, seen({0: 10, 1: 20}, throttled={1: 5, 2: 1}))

    assert found.counts[:3] == (10, 25, 1)
    assert (found.requests, found.throttled) == (36, 6)


def test_minutes_in_service_without_requests_count_as_none_sent() -> None:
    found = build_history(WINDOW, seen({10: 60}, in_service={9: 1, 10: 1, 11: 2, 12: 0}))

    assert found.start_s == MONDAY + 9 * 60
    assert found.counts[:4] == (0, 60, 0, None)
    assert found.average_tps == pytest.approx(1 / 3)
    assert found.minutes == 3


def test_where_the_units_in_service_are_not_known_an_hour_without_requests_is_a_stop() -> None:
    found = build_history(WINDOW, seen({0: 60, 60: 60, 121: 60}))

    assert found.counts[:61] == (60, *[0] * 59, 60)
    assert set(found.counts[61:121]) == {None}
    assert not found.in_service_known


def test_requests_to_all_models_are_not_this_one_s_while_it_did_not_run() -> None:
    traffic = {0: 60.0, 5: 600.0}

    of_account = build_history(WINDOW, seen(traffic, in_service={0: 1}, of_model=False))
    of_model = build_history(WINDOW, seen(traffic, in_service={0: 1}))

    assert (of_account.requests, of_model.requests) == (60, 660)


def test_the_load_of_this_tuner_s_own_runs_is_left_out() -> None:
    run = (MONDAY + 61.0, MONDAY + 185.0)

    found = build_history(WINDOW, seen({0: 5, 1: 900, 2: 900, 3: 900, 4: 5}), own_runs=[run])

    assert found.counts[:5] == (5, None, None, None, 5)
    assert found.own_runs == 1


def test_a_run_takes_the_minutes_that_it_reaches_into_and_no_other() -> None:
    runs = [(MONDAY + 60.0, MONDAY + 120.0), (MONDAY + 239.0, MONDAY + 240.0)]

    found = build_history(WINDOW, seen(dict.fromkeys(range(5), 5.0)), own_runs=runs)

    assert found.counts[:5] == (5, None, 5, None, 5)
    assert found.own_runs == 2


@pytest.mark.parametrize(("end_s", "own"), [(0, 0), (1, 1)])
def test_a_run_that_ended_before_the_window_is_not_counted(end_s: int, own: int) -> None:
    found = build_history(WINDOW, seen({0: 5}), own_runs=[(MONDAY - 600, MONDAY + end_s)])

    assert found.own_runs == own


def test_without_any_data_nothing_is_made_up() -> None:
    found = build_history(WINDOW, seen({}))

    assert (found.counts, found.requests, found.average_tps, found.percentile_tps(99)) == ((), 0, 0, 0)


@pytest.mark.parametrize(("percentile", "tps"), [(50, 2), (75, 3), (76, 4), (99, 4), (100, 4)])
def test_a_percentile_is_a_rate_that_was_seen(percentile: float, tps: float) -> None:
    found = history([240, 60, 180, 120])

    assert found.percentile_tps(percentile) == tps


def test_hours_of_the_week_begin_on_monday_at_midnight_utc() -> None:
    found = past_traffic.office_hours()

    assert found.hour_of_week(0) == 0
    assert found.hour_of_week(past_traffic.DAY) == 24
    served = {hour for hour, rates in enumerate(found.by_hour_of_week) if rates}
    assert served == {24 * day + hour for day in range(5) for hour in range(8, 18)}


@pytest.mark.parametrize(
    ("days", "covers"), [(6.9, False), (7, True), (6.999, True)]
)  # the window's first and last minute may be missing
def test_a_week_is_covered_when_each_of_its_hours_was_seen(days: float, covers: bool) -> None:
    assert past_traffic.steady(days).covers_a_week == covers


counts = st.lists(st.none() | st.integers(0, 10_000), min_size=1, max_size=200)


@given(counts=counts, percentiles=st.lists(st.floats(50, 100), min_size=2, max_size=2).map(sorted))
def test_a_higher_percentile_is_no_lower_rate(counts: list[int | None], percentiles: list[float]) -> None:
    found = history(counts)
    low, high = percentiles

    assert found.percentile_tps(low) <= found.percentile_tps(high) <= max(found.rates, default=0)


@given(counts=counts)
def test_every_request_is_in_some_hour_of_the_week(counts: list[int | None]) -> None:
    found = history(counts)

    assert sum(sum(rates) for rates in found.by_hour_of_week) * 60 == pytest.approx(found.requests)
    assert found.average_tps * found.minutes * 60 == pytest.approx(found.requests)
