"""A batch's input: every field with its default, or a sentence that names the field."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from iu_tuner.contract.batch.batch_input import list_address, parse_process_input
from iu_tuner.contract.errors import InvalidInput
from iu_tuner.schemas.__main__ import batch_input_schema
from tests.support.fuzzed_inputs import ARN
from tests.support.lookout_vision import ANOMALIES

SCHEMA = jsonschema.Draft202012Validator(batch_input_schema())

# The contract's own block, field by field.
FULL: dict[str, Any] = {
    "task": "process",
    "modelArn": ARN,
    "images": {
        "bucket": None,
        "prefix": "incoming/",
        "list": None,
        "modifiedAfter": None,
        "suffixes": [".jpg", ".jpeg", ".png"],
        "source": "s3",
    },
    "results": {"prefix": "results/", "perImage": True, "minConfidence": None, "keepFrom": None, "groundTruth": False},
    "deadline": {"withinHours": 3},
    "units": "deadline",
    "tps": None,
    "measureFirst": False,
    "limits": {"maxMinutes": 300, "maxCostUsd": 20, "maxFailedPercent": 5},
    "resume": None,
    "afterRun": "stop",
}


def test_the_smallest_input_has_the_contract_s_defaults() -> None:
    smallest = parse_process_input({"task": "process", "modelArn": ARN})

    assert smallest == parse_process_input({**FULL, "deadline": None})
    assert SCHEMA.is_valid(FULL)


def test_a_service_that_reads_no_images_from_s3_gets_their_bytes() -> None:
    assert parse_process_input({"modelArn": ANOMALIES}).images.source == "bytes"
    assert parse_process_input({"modelArn": ARN, "images": {"source": "bytes"}}).images.source == "bytes"
    with pytest.raises(InvalidInput) as refused:
        parse_process_input({"modelArn": ANOMALIES, "images": {"source": "s3"}})
    assert refused.value.sentence == 'images.source: got "s3"; Lookout for Vision takes "bytes"'


def test_a_deadline_counts_from_the_execution_s_start_or_is_a_time() -> None:
    def deadline(raw: Any) -> float | None:
        return parse_process_input({**FULL, "deadline": raw}).deadline_at(1000.0)

    assert deadline(None) is None
    assert deadline({"withinHours": 0.5}) == 2800
    assert deadline({"at": "1970-01-01T02:00:00+01:00"}) == 3600


@pytest.mark.parametrize("units", ["deadline", "fastest", 1, 100, {"min": 1, "max": 3}])
def test_units_have_four_forms(units: Any) -> None:
    assert parse_process_input({**FULL, "units": units}).model_dump(by_alias=True)["units"] == units


def test_a_list_has_a_bucket_and_a_key() -> None:
    assert list_address("s3://my-lists/a b/keys.csv") == ("my-lists", "a b/keys.csv")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"task": "serve"}, 'task: got "serve"; takes "process"'),
        ({"deadlin": {}}, "deadlin: unknown field, got {}; the input takes afterRun, deadline,"),
        ({"images": {"Prefix": "a/"}}, "- did you mean prefix?"),
        ({"results": {"minconfidence": 5}}, "- did you mean minConfidence?"),
        ({"deadline": {"withinHours": 0}}, "deadline.withinHours: got 0; takes hours, above 0"),
        ({"deadline": {"at": "2026-11-28T17:00:00"}}, 'deadline.at: got "2026-11-28T17:00:00"; takes a time with its'),
        ({"deadline": {"at": "17:00", "withinHours": 3}}, "deadline.withinHours: got 3; takes nothing beside"),
        ({"deadline": {}}, "deadline.withinHours: got nothing; takes hours"),
        ({"units": "quick"}, 'units: got "quick"; takes "deadline", "fastest", a whole number'),
        ({"units": True}, "units: got true; takes"),
        ({"units": 101}, "units: got 101; takes"),
        ({"units": {"min": 3, "max": 2}}, "units.min: got 3; takes at most units.max, which is 2"),
        ({"units": {"min": 3}}, "units.max: got nothing; takes a whole number"),
        ({"limits": {"maxMinutes": 1441}}, "limits.maxMinutes: got 1441; takes minutes, above 0 and at most 1440"),
        ({"limits": {"maxFailedPercent": -1}}, "limits.maxFailedPercent: got -1; takes percent of the images"),
        ({"images": {"prefix": "/incoming/"}}, 'images.prefix: got "/incoming/"; takes the start of keys'),
        ({"images": {"suffixes": [""]}}, 'images.suffixes: got ""; takes a list of 1 to 20 ends of names'),
        ({"images": {"suffixes": []}}, "images.suffixes: got []; takes a list"),
        ({"images": {"list": "keys.csv"}}, 'images.list: got "keys.csv"; takes the address of a list'),
        ({"images": {"list": "s3://mine/keys.txt"}}, "images.list: got"),
        ({"images": {"listFormat": "s3"}}, 'images.listFormat: got "s3"; takes nothing without images.list'),
        ({"images": {"list": "s3://mine/a.csv", "modifiedAfter": "2026-11-28T17:00:00Z"}}, "images.modifiedAfter: got"),
        ({"results": {"prefix": "s3://mine/"}}, "results.prefix: got"),
        ({"results": {"prefix": "in"}}, 'results.prefix: got "in"; takes a prefix that is not the start of images'),
        ({"results": {"keepFrom": 60, "minConfidence": 50}}, "results.keepFrom: got 60.0; takes at most results.min"),
        ({"measureFirst": True, "tps": 5}, "measureFirst: got true; takes false where tps says"),
        ({"resume": "a/b"}, 'resume: got "a/b"; takes the runId of an earlier batch'),
        ({"afterRun": "apply"}, 'afterRun: got "apply"; takes "stop" or "restore"'),
    ],
)
def test_a_wrong_field_is_named_with_what_it_got_and_takes(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_process_input({"modelArn": ARN, **change})

    assert said in refused.value.sentence
