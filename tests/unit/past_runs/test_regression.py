"""Runs compared: a drop is a drop only where no value is possible for both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iu_tuner.contract.output.json_values import from_json, to_json
from iu_tuner.contract.output.measured import IntervalOutput
from iu_tuner.contract.output.result import Output
from lambdas.past_runs.regression import Answer, last_comparable, rate_change, with_comparison
from simulation.samples.run import sample_output

OUTPUT = from_json(Output, sample_output())
rates = st.floats(0.1, 500)
shares = st.floats(0, 0.5)


def answer(tps: float = 5.0, low: float | None = 4.9, high: float | None = 5.1, verdict: str = "ok") -> Answer:
    return Answer("run", "2026-11-21T06:00:00.000Z", "arn", verdict, tps, low, high)


def compared(now: Answer, same_model: Answer | None, version_before: Answer | None) -> dict[str, Any]:
    told: dict[str, Any] = to_json(with_comparison(OUTPUT, now, same_model, version_before))
    return told


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    tps = draw(rates)
    return answer(tps, tps * (1 - draw(shares)), tps * (1 + draw(shares)))


@given(now=answers(), before=answers())
def test_as_long_as_the_intervals_overlap_nothing_has_dropped(now: Answer, before: Answer) -> None:
    assert now.low and now.high and before.low and before.high

    overlap = now.low <= before.high and before.low <= now.high

    assert (rate_change(now, before) == "within") == overlap


@given(now=answers(), before=answers())
def test_a_drop_one_way_is_a_rise_the_other_way(now: Answer, before: Answer) -> None:
    opposite = {"dropped": "risen", "risen": "dropped", "within": "within"}

    assert opposite[str(rate_change(now, before))] == rate_change(before, now)


@given(same=answers())
def test_the_same_measurement_twice_is_no_regression(same: Answer) -> None:
    assert compared(same, same, same)["regression"] is False


@given(now=answers(), before=answers())
def test_only_a_lower_rate_is_ever_flagged(now: Answer, before: Answer) -> None:
    flagged = compared(now, before, None)["regression"]

    assert not flagged or (now.tps or 0) < (before.tps or 0)


@pytest.mark.parametrize("verdict", ["not-saturated", "account-throttled", "client-limited", "unstable"])
@pytest.mark.parametrize("which", ["now", "before"])
def test_a_verdict_that_is_no_measurement_is_not_compared_and_says_so(verdict: str, which: str) -> None:
    now, before = answer(2.0, 1.9, 2.1), answer()
    if which == "now":
        now = answer(2.0, 1.9, 2.1, verdict)
    else:
        before = answer(verdict=verdict)

    told = compared(now, before, None)

    assert told["regression"] is False
    assert told["regressionDetail"].startswith("Not compared with the last run of this model")
    assert verdict in told["regressionDetail"]
    assert told["comparedWith"]["sameModel"]["changePercent"] == -60.0


@pytest.mark.parametrize("verdict", ["ok", "throttles-below-max", "latency-bound", "windowed-quota"])
def test_a_measured_rate_is_compared_whatever_limits_it(verdict: str) -> None:
    assert compared(answer(2.0, 1.9, 2.1, verdict), answer(), None)["regression"] is True


def test_a_lower_bound_is_not_compared() -> None:
    assert rate_change(answer(2.0, 1.9, None), answer()) is None


def test_a_drop_against_the_version_before_is_a_regression_too() -> None:
    told = compared(answer(4.0, 3.9, 4.1), answer(4.0, 3.9, 4.1), answer())

    assert told["regression"] is True
    assert told["comparedWith"]["versionBefore"]["modelArn"] == "arn"
    assert "-20.0 %" in told["regressionDetail"]


def test_rates_are_per_inference_unit() -> None:
    output = replace(OUTPUT, inference_units=2, tps_per_inference_unit=5.0, max_tps=IntervalOutput(10.0, 9.0, 11.0))

    made = Answer.of(output, "2026-11-21T06:00:00.000Z", None)

    assert (made.tps, made.low, made.high, made.incomparable_reason) == (5.0, 4.5, 5.5, None)
    assert Answer.of(output, "", 3).incomparable_reason == "measured on a model that scales by itself"


def test_runs_without_a_rate_in_between_hide_no_drop() -> None:
    lower_bound, unstable, good = answer(high=None), answer(verdict="unstable"), answer(5.0)

    assert last_comparable([lower_bound, unstable, good, answer(4.0)]) is good


def test_where_no_run_of_the_model_can_be_compared_with_the_last_one_says_so() -> None:
    unstable, of_an_older_version = answer(verdict="unstable"), replace(answer(), model_arn="older")

    assert last_comparable([unstable, of_an_older_version]) is unstable
    assert last_comparable([]) is None
