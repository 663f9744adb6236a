"""The input at the door: the contract's example, its defaults, and a sentence for everything wrong."""

from __future__ import annotations

from typing import Any

import pytest

from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.execution_input import BatchInput, PastInput, TrafficInput, parse_input

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/bees.2021-03-11T15.23.39/1615476219000"
FULL: dict[str, Any] = {
    "modelArn": ARN,
    "images": {"bucket": "my-images", "prefix": "samples/", "source": "bytes", "compare": True},
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

    assert parsed.demand == TrafficInput.model_validate({"averageTps": 6, "peakTps": 15, "headroom": 0})
    assert parsed.images.bucket == "my-images"


def test_what_is_left_out_has_the_values_of_the_full_input() -> None:
    small = parse_input({"modelArn": ARN})

    assert small.test == parse_input(FULL).test
    assert small.limits == parse_input(FULL).limits
    assert (small.images.prefix, small.images.source, small.demand) == ("samples/", "bytes", None)
    assert small.images.compare is False


@pytest.mark.parametrize("only", ["averageTps", "peakTps"])
def test_one_of_average_and_peak_is_enough(only: str) -> None:
    assert parse_input({"modelArn": ARN, "demand": {only: 3}}).demand == TrafficInput.model_validate({only: 3})


def test_a_shared_model_may_be_measured_and_left_as_it_was_found() -> None:
    parsed = parse_input({"modelArn": ARN, "test": {"allowOtherTraffic": True}, "afterRun": "restore"})

    assert (parsed.test.allow_other_traffic, parsed.after_run) == (True, "restore")


def test_a_batch_is_a_demand_too() -> None:
    assert parse_input(
        {"modelArn": ARN, "demand": {"images": 54000, "withinHours": 3}}
    ).demand == BatchInput.model_validate({"images": 54000, "withinHours": 3})


def test_the_past_is_a_demand_too() -> None:
    parsed = parse_input({"modelArn": ARN, "demand": {"fromCloudWatchDays": 14}})

    assert parsed.demand == PastInput.model_validate({"fromCloudWatchDays": 14, "percentile": 99, "headroom": 0})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"modelArn": "bees"}, 'modelArn: got "bees"; takes the ARN of a Rekognition Custom Labels model version'),
        ({"modelArn": None}, "modelArn: got null; takes the ARN"),
        ({"modelArn": f"{ARN}\n"}, "modelArn: got"),
        ({"modelArn": f"{ARN}٣"}, "modelArn: got"),
        ({"modelArn": ARN + "0" * 2000}, "modelArn: got"),
        ({"test\ud800": 1}, r'"test\ud800": unknown field, got 1; the input takes afterRun'),
        ({"limits": {"\ud800": 1}}, r'limits."\ud800": unknown field, got 1; limits takes maxCostUsd, maxMinutes'),
        ({"a\nb": 10**5000}, r'"a\nb": unknown field, got something too large to show (int); the input takes'),
        ({"tset": {}}, "tset: unknown field, got {}; the input takes afterRun, demand, images, limits, modelArn, test"),
        ({"test": {"mode": "fast"}}, 'test.mode: got "fast"; takes "quick", "standard" or "precise"'),
        ({"test": {"inferenceUnits": 0}}, "test.inferenceUnits: got 0; takes a whole number from 1 to 100"),
        ({"test": {"inferenceUnits": True}}, "test.inferenceUnits: got true; takes a whole number"),
        ({"test": {"inferenceUnits": 1.5}}, "test.inferenceUnits: got 1.5; takes a whole number"),
        ({"test": {"lanes": 3}}, "test.lanes: unknown field, got 3; test takes allowOtherTraffic, inFlightPerWorker"),
        ({"test": {"startConcurrency": 300}}, "test.startConcurrency: got 300; takes at most test.maxConcurrency"),
        ({"test": {"maxConcurrency": 2000, "inFlightPerWorker": 1}}, "test.maxConcurrency: got 2000; takes at most"),
        ({"test": {"allowOtherTraffic": 1}}, "test.allowOtherTraffic: got 1; takes true or false"),
        ({"test": 5}, "test: got 5; takes an object"),
        ({"images": {"source": "ftp"}}, 'images.source: got "ftp"; takes "bytes" or "s3"'),
        ({"images": {"bucket": "my images"}}, 'images.bucket: got "my images"; takes the name of an S3 bucket'),
        ({"images": {"prefix": "é" * 513}}, "takes a key prefix of at most 1024 bytes"),
        ({"images": {"prefix": "a\ud800"}}, r'images.prefix: got "a\ud800"; takes a key prefix of at most 1024 bytes'),
        (
            {"images": {"prefix": "/samples/"}},
            'images.prefix: got "/samples/"; takes the start of keys as S3 has them: '
            'no leading /, no s3://, no * and no \\; write "samples/"',
        ),
        ({"images": {"prefix": "s3://mine/a/"}}, 'write "a/", and "mine" as images.bucket'),
        (
            {"images": {"compared": 1}},
            "images.compared: unknown field, got 1; images takes bucket, compare, prefix, source",
        ),
        ({"images": {"compare": "s3"}}, 'images.compare: got "s3"; takes true or false'),
        ({"demand": {}}, "demand.averageTps: got nothing; takes requests per second, where peakTps is not given"),
        ({"demand": {"averageTps": 3, "peakTps": 2}}, "demand.averageTps: got 3; takes at most demand.peakTps"),
        ({"demand": {"images": 5, "withinHours": 5e-324}}, "got 5e-324; takes hours enough for 5 images at"),
        ({"demand": {"images": 5}}, "demand.withinHours: got nothing; takes hours"),
        ({"demand": {"images": 5, "withinHours": 1, "peakTps": 2}}, "demand.peakTps: got 2; takes nothing beside"),
        ({"demand": {"fromCloudWatchDays": 0}}, "demand.fromCloudWatchDays: got 0; takes a whole number of days"),
        ({"demand": {"fromCloudWatchDays": 456}}, "demand.fromCloudWatchDays: got 456; takes a whole number of days"),
        ({"demand": {"fromCloudWatchDays": 1.5}}, "demand.fromCloudWatchDays: got 1.5; takes a whole number of days"),
        ({"demand": {"percentile": 99}}, "demand.fromCloudWatchDays: got nothing; takes a whole number of days"),
        ({"demand": {"fromCloudWatchDays": 1, "percentile": 49}}, "demand.percentile: got 49; takes a percentile"),
        (
            {"demand": {"fromCloudWatchDays": 1, "peakTps": 2}},
            "demand.peakTps: got 2; takes nothing beside the rest; "
            "demand takes averageTps and peakTps, or images and withinHours, or fromCloudWatchDays",
        ),
        (
            {"demand": {"fromCloudWatchDays": 1, "images": 2, "withinHours": 1}},
            "demand.fromCloudWatchDays: got 1; takes nothing beside the rest",
        ),
        ({"demand": []}, "demand: got []; takes an object with averageTps and peakTps, or"),
        ({"limits": {"maxMinutes": 301}}, "limits.maxMinutes: got 301; takes minutes, above 0 and at most 300"),
        ({"limits": {"maxCostUsd": float("nan")}}, "limits.maxCostUsd: got NaN; takes US dollars"),
        ({"afterRun": "apply", "demand": None}, "demand: got nothing; takes an object with averageTps and peakTps, or"),
        ({"afterRun": "keep"}, 'afterRun: got "keep"; takes "stop", "restore" or "apply"'),
        ({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}, "e: unknown field"),
    ],
)
def test_a_wrong_field_is_named_with_what_it_got_and_takes(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_input({**FULL, **change})

    assert said in refused.value.sentence or (said.startswith("e:") and "and 2 more" in refused.value.sentence)


@pytest.mark.parametrize("raw", [None, [], "text", 5, True])
def test_an_input_that_is_no_object_is_refused(raw: Any) -> None:
    with pytest.raises(InvalidInput, match='the input: got .*; takes an object with at least "modelArn"'):
        parse_input(raw)
