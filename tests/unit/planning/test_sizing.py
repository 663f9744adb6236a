"""By which rate of one inference unit the recommendation is sized, for each verdict."""

from __future__ import annotations

import pytest

from iu_tuner.contract.output.result import MeasuredVerdict
from lambdas.capacity.measurement import CleanRate, Measurement
from lambdas.capacity.rates.interval import Interval
from lambdas.load.histogram import LatencyHistogram
from lambdas.planning.sizing import ReducedRate, Sizing, sizing_of

MAX, MAX_PER_UNIT = Interval(30.0, 28.5, 31.5), Interval(10.0, 9.5, 10.5)
CLEAN = CleanRate(24.0, 480, 0, LatencyHistogram())
EIGHT = Interval(8.0, 8.0, 8.0)


def found(max_tps: Interval | None = MAX, clean: CleanRate | None = CLEAN, concurrency: int = 13) -> Measurement:
    return Measurement("saturated", concurrency, max_tps, clean)


@pytest.mark.parametrize("verdict", ["ok", "not-saturated", "account-throttled", "client-limited"])
def test_as_a_rule_it_is_max_tps(verdict: MeasuredVerdict) -> None:
    assert sizing_of(found(), verdict, 3) == Sizing("maxTps", MAX_PER_UNIT, MAX_PER_UNIT)


def test_it_is_the_clean_rate_where_throttles_begin_below_max_tps() -> None:
    why = "Sized by the clean rate, 8.00 evenly paced requests/s per inference unit, as more are throttled"

    assert sizing_of(found(), "throttles-below-max", 3) == Sizing("cleanTps", MAX_PER_UNIT, EIGHT, reasons=(why,))


@pytest.mark.parametrize(("max_tps", "clean"), [(MAX, None), (None, CLEAN), (None, None)])
def test_without_one_of_them_there_is_no_rate_to_plan_with(max_tps: Interval | None, clean: CleanRate | None) -> None:
    per_unit = MAX_PER_UNIT if max_tps else None

    assert sizing_of(found(max_tps, clean), "throttles-below-max", 3) == Sizing("cleanTps", per_unit, None)


@pytest.mark.parametrize(("concurrency", "per_unit"), [(13, 4), (12, 4), (3, 1), (2, 1)])
def test_a_model_bound_by_latency_has_a_cap_for_its_clients(concurrency: int, per_unit: int) -> None:
    sizing = sizing_of(found(concurrency=concurrency), "latency-bound", 3)

    assert (sizing.per_unit, sizing.concurrency_per_unit) == (MAX_PER_UNIT, per_unit)
    assert f"at {per_unit} per inference unit" in sizing.reasons[0]


@pytest.mark.parametrize(("estimate", "is_rate"), [(0.0, False), (0.3, True)])
def test_a_rate_of_nothing_is_none(estimate: float, is_rate: bool) -> None:
    sizing = sizing_of(found(Interval(estimate, 0.0, None)), "ok", 3)

    assert (sizing.per_unit is not None) == is_rate
    assert sizing.missing_rate_reason == (
        "No evenly paced rate passed without throttles" if is_rate else "No rate was measured"
    )


def test_the_clean_rate_of_more_units_falls_as_their_max_tps_does() -> None:
    more, sizing = ReducedRate(3, Interval(7.5, 7.0, 8.0)), sizing_of(found(), "throttles-below-max", 3)

    assert sizing.reduced_rate(more) == ReducedRate(3, Interval(6.0, 6.0, 6.0))
    assert sizing.reduced_rate(None) is None


@pytest.mark.parametrize(
    "sizing",
    [Sizing("maxTps", MAX_PER_UNIT, EIGHT), Sizing("cleanTps", MAX_PER_UNIT, None), Sizing("cleanTps", None, EIGHT)],
)
def test_else_the_rate_of_more_units_is_as_measured(sizing: Sizing) -> None:
    more = ReducedRate(3, Interval(7.5, 7.0, 8.0))

    assert sizing.reduced_rate(more) is more
