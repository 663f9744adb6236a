"""`--assert`: what is taken, what is refused before a run is paid for, and what can't be compared."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iu_tuner.cli.outcome.assertions import OUTPUT_NAMES, Assertion
from iu_tuner.exit_codes import UsageError
from simulation.samples.run import sample_output

OUTPUT = sample_output()
SKIPPED: dict[str, Any] = {
    "verdict": "skipped",
    "tpsPerInferenceUnit": None,
    "steps": [],
    "recommendation": {"reasons": []},
}


def check(text: str, output: dict[str, Any] | None = None) -> tuple[bool, str]:
    checked = Assertion.parse(text).check(OUTPUT if output is None else output)
    return checked.holds, checked.sentence


@pytest.mark.parametrize(
    "text",
    [
        "tpsPerInferenceUnit>=4",
        "tpsPerInferenceUnit >= 5",
        "tpsPerInferenceUnit<=5",
        "maxTps.low>4.8",
        "maxTps.high < 6e0",
        "inferenceUnits==1",
        "requests.failed == 0",
        "verdict==ok",
        "verdict == 'ok'",
        'verdict!="skipped"',
        "model.statusAfter==STOPPED",
        "recommendation.table.0.usdPerHour<=4",
        "steps.1.phase == ramp",
        "cost.runUsd<.5",
        "latencyMs.p95 >= +1",
        "  verdict==ok  ",
    ],
)
def test_an_assertion_that_holds(text: str) -> None:
    assert check(text)[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tpsPerInferenceUnit>=6", "tpsPerInferenceUnit is 5.0"),
        ("verdict==unstable", 'verdict is "ok"'),
        ("latencyMs.p99<500", "latencyMs.p99 is null"),
        ("maxTps.estimated>1", 'maxTps has no "estimated", but estimate, low, high, confidence'),
        ("steps.9.accepted>1", "it is a list of 4, counted from 0"),
        ("verdict.word==ok", 'verdict has no "word": it is "ok"'),
        ("verdict>=4", 'verdict is "ok", which is not a number'),
        ("tpsPerInferenceUnit==many", "which is not a text"),
        ("maxTps>4", "which is not a number"),
        ("images.used==true", "which is not true or false"),
        ("heldBy.runId==x", 'the output has no "heldBy"'),
    ],
)
def test_an_assertion_that_does_not_hold_says_what_was_found(text: str, said: str) -> None:
    holds, found = check(text)

    assert not holds
    assert said in found


def test_true_and_false_are_no_numbers() -> None:
    output = {"otherTraffic": {"ofThisModel": True}}

    assert check("otherTraffic.ofThisModel==true", output)[0]
    assert not check("otherTraffic.ofThisModel==1", output)[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "verdict",
        "verdict=ok",
        "verdict=>4",
        ">=4",
        "tpsPerInferenceUnit>=",
        "tpsPerInferenceUnit>=4 5",
        "maxTps..low>4",
        ".maxTps>4",
        "maxTps.>4",
        'verdict=="ok',
        "__import__('os')==1",
        "verdict==ok\n>=4",
        "tpsPerInferenceUnit>=nan4$",
        "tpsPerInferenceUnit>=1e999",
        "verdict>true",
        "tpsPerInferenceUnti>=4",
        "steps[0].accepted>1",
    ],
)
def test_what_is_no_assertion_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--assert: got"):
        Assertion.parse(text)


def test_a_slip_in_a_name_is_told_with_the_names_there_are() -> None:
    with pytest.raises(UsageError, match="the output has no .*tpsPerInferenceUnit"):
        Assertion.parse("tpsPerInferenceUnti>=4")


def test_every_name_of_the_output_is_known() -> None:
    assert set(OUTPUT) <= set(OUTPUT_NAMES)


@given(st.text(max_size=60))
def test_any_text_is_an_assertion_or_refused_by_name(text: str) -> None:
    try:
        parsed = Assertion.parse(text)
    except UsageError as error:
        assert str(error).startswith("--assert: got ")
    else:
        assert parsed.check(SKIPPED).sentence


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.floats(allow_nan=False), st.text(max_size=5)
)


@given(
    st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner)),
    st.sampled_from([">=", "<=", "==", "!=", ">", "<"]),
    st.sampled_from(["maxTps", "maxTps.low", "maxTps.0", "maxTps.0.a"]),
    st.sampled_from(["1", "a", "'1'", '""']),
)
def test_no_output_breaks_a_check(found: Any, comparator: str, path: str, value: str) -> None:
    checked = Assertion.parse(f"{path}{comparator}{value}").check({"maxTps": found})

    assert isinstance(checked.holds, bool)
    assert checked.sentence


@given(st.floats(-1e6, 1e6, allow_nan=False), st.floats(-1e6, 1e6, allow_nan=False))
def test_numbers_compare_as_numbers(found: float, limit: float) -> None:
    output = {"tpsPerInferenceUnit": found}

    assert check(f"tpsPerInferenceUnit>={json.dumps(limit)}", output)[0] == (found >= limit)
    assert check(f"tpsPerInferenceUnit<{json.dumps(limit)}", output)[0] == (found < limit)
