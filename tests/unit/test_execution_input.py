"""The input at the door: the contract's example, its defaults, and a sentence for everything wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.adapters.execution_input import BatchInput, ExecutionInput, TrafficInput, parse_input
from lambdas.capacity.errors import InvalidInput

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/bees.2021-03-11T15.23.39/1615476219000"
FULL: dict[str, Any] = {
    "modelArn": ARN,
    "images": {"bucket": "my-images", "prefix": "samples/", "source": "bytes"},
    "demand": {"averageTps": 6, "peakTps": 15, "headroom": 0.0},
    "test": {
        "inferenceUnits": 1,
        "mode": "standard",
        "startConcurrency": 4,
        "maxConcurrency": 256,
        "inFlightPerWorker": 8,
        "allowOtherTraffic": False,
    },
    "limits": {"maxMinutes": 90, "maxCostUsd": 10},
    "afterRun": "stop",
}


def test_the_full_input_is_understood() -> None:
    parsed = parse_input(FULL)

    assert parsed.demand == TrafficInput(averageTps=6, peakTps=15, headroom=0)
    assert parsed.images.bucket == "my-images"


def test_what_is_left_out_has_the_values_of_the_full_input() -> None:
    small = parse_input({"modelArn": ARN})

    assert small.test == parse_input(FULL).test
    assert small.limits == parse_input(FULL).limits
    assert (small.images.prefix, small.images.source, small.demand) == ("samples/", "bytes", None)


@pytest.mark.parametrize("only", ["averageTps", "peakTps"])
def test_one_of_average_and_peak_is_enough(only: str) -> None:
    assert parse_input({"modelArn": ARN, "demand": {only: 3}}).demand == TrafficInput(**{only: 3})


def test_a_batch_is_a_demand_too() -> None:
    assert parse_input({"modelArn": ARN, "demand": {"images": 54000, "withinHours": 3}}).demand == BatchInput(
        images=54000, withinHours=3
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"modelArn": "bees"}, 'modelArn: got "bees"; takes the ARN of a Rekognition Custom Labels model version'),
        ({"modelArn": None}, "modelArn: got null; takes the ARN"),
        ({"modelArn": f"{ARN}\n"}, "modelArn: got"),
        ({"tset": {}}, "tset: unknown field; the input takes afterRun, demand, images, limits, modelArn, test"),
        ({"test": {"mode": "fast"}}, 'test.mode: got "fast"; takes "quick", "standard" or "precise"'),
        ({"test": {"inferenceUnits": 0}}, "test.inferenceUnits: got 0; takes a whole number from 1 to 100"),
        ({"test": {"inferenceUnits": True}}, "test.inferenceUnits: got true; takes a whole number"),
        ({"test": {"inferenceUnits": 1.5}}, "test.inferenceUnits: got 1.5; takes a whole number"),
        ({"test": {"lanes": 3}}, "test.lanes: unknown field; test takes allowOtherTraffic, inFlightPerWorker"),
        ({"test": {"startConcurrency": 300}}, "test.startConcurrency: got 300; takes at most test.maxConcurrency"),
        ({"test": {"maxConcurrency": 2000, "inFlightPerWorker": 1}}, "test.maxConcurrency: got 2000; takes at most"),
        ({"test": {"allowOtherTraffic": True}}, "test.allowOtherTraffic: got true, which is not supported yet"),
        ({"test": 5}, "test: got 5; takes an object"),
        ({"images": {"source": "ftp"}}, 'images.source: got "ftp"; takes "bytes" or "s3"'),
        ({"images": {"compare": True}}, "images.compare: unknown field; images takes bucket, prefix, source"),
        ({"demand": {}}, "demand.averageTps: got nothing; takes requests per second, where peakTps is not given"),
        ({"demand": {"averageTps": 3, "peakTps": 2}}, "demand.averageTps: got 3; takes at most demand.peakTps"),
        ({"demand": {"images": 5}}, "demand.withinHours: got nothing; takes hours"),
        ({"demand": {"images": 5, "withinHours": 1, "peakTps": 2}}, "demand.peakTps: does not go with the rest;"),
        ({"demand": {"fromCloudWatchDays": 14}}, "demand.fromCloudWatchDays: not supported yet"),
        ({"demand": []}, "demand: got []; takes an object with averageTps and peakTps, or"),
        ({"limits": {"maxMinutes": 301}}, "limits.maxMinutes: got 301; takes minutes, above 0 and at most 300"),
        ({"limits": {"maxCostUsd": float("nan")}}, "limits.maxCostUsd: got NaN; takes US dollars"),
        ({"afterRun": "apply"}, 'afterRun: got "apply", which is not supported yet; takes "stop"'),
        ({"afterRun": "keep"}, 'afterRun: got "keep"; takes "stop"'),
        ({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}, "e: unknown field"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_with_what_it_got_and_takes(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_input({**FULL, **change})

    assert said in refused.value.sentence or (
        said.startswith("e:") and "and 2 more" in refused.value.sentence
    )


@pytest.mark.parametrize("raw", [None, [], "text", 5, True])
def test_an_input_that_is_no_object_is_refused(raw: Any) -> None:
    with pytest.raises(InvalidInput, match='the input: got .*; takes an object with at least "modelArn"'):
        parse_input(raw)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
sections = st.sampled_from(["images", "demand", "test", "limits"])


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """The full input with one to three of its values, or a new key's, replaced by anything."""
    raw = {key: dict(value) if isinstance(value, dict) else value for key, value in FULL.items()}
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.one_of(st.none(), sections))
        target = raw[place] if place and isinstance(raw[place], dict) else raw
        key = draw(st.sampled_from(sorted(target) or ["x"]) | st.text(max_size=8))
        target[key] = draw(json_values)
    return raw


@given(raw=json_values | mutated())
def test_any_input_is_understood_or_refused_in_words(raw: Any) -> None:
    try:
        parsed = parse_input(raw)
    except InvalidInput as refused:
        assert (
            ": got " in refused.sentence
            or ": unknown field" in refused.sentence
            or "supported" in refused.sentence
        )
    else:
        assert isinstance(parsed, ExecutionInput)
