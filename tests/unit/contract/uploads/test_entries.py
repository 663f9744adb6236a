"""Entries of `inference`: defaults, refusals by name, and entries that would get in each other's way."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.uploads.current import is_current, result_metadata
from iu_tuner.contract.uploads.entries import check_entries
from iu_tuner.contract.uploads.entry import InferenceEntry, parse_entry
from tests.support.lookout_vision import ANOMALIES
from tests.support.modules import ROOT

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/v1/1615476219000"


def entry(**given: Any) -> InferenceEntry:
    return parse_entry({"prefix": "a/", "modelArn": ARN, **given})


def test_the_smallest_entry_has_the_defaults_of_the_sample_it_is_from() -> None:
    parsed = entry()

    assert (parsed.min_confidence, parsed.source, parsed.results.suffix, parsed.when_stopped) == (
        50,
        "s3",
        ".json",
        "wait",
    )
    assert parse_entry(parsed.model_dump(by_alias=True, mode="json")) == parsed


def test_decimals_are_taken_where_time_is_given() -> None:
    parsed = entry(idleStopMinutes=0.1, startAt={"oldestSeconds": 1.5}, limits={"maxMinutes": 0.5})

    assert (parsed.idle_stop_minutes, parsed.start_at.oldest_seconds, parsed.limits.max_minutes) == (0.1, 1.5, 0.5)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"prefix": ""}, "prefix"),
        ({"prefix": "/a/"}, "prefix"),
        ({"prefix": "s3://bucket/a/"}, "prefix"),
        ({"prefix": "a*/"}, "prefix"),
        ({"prefix": "reports/mine/"}, "prefix"),
        ({"prefix": "rep"}, "prefix"),
        ({"modelArn": "bees"}, "modelArn"),
        ({"suffixes": []}, "suffixes"),
        ({"suffixes": [""]}, "suffixes"),
        ({"results": {"suffix": ""}}, "results.suffix"),
        ({"results": {"prefix": "/r/"}}, "results.prefix"),
        ({"results": {"folder": "r/"}}, "results.folder"),
        ({"minConfidence": 101}, "minConfidence"),
        ({"minConfidence": 50, "keepFrom": 60}, "keepFrom"),
        ({"source": "url"}, "source"),
        ({"queueName": "a b"}, "queueName"),
        ({"kmsKeyAlias": "alias/aws/sqs"}, "kmsKeyAlias"),
        ({"whenStopped": "never"}, "whenStopped"),
        ({"startAt": {"oldestSeconds": 0.5}}, "startAt.oldestSeconds"),
        ({"idleStopMinutes": 0.05}, "idleStopMinutes"),
        ({"units": 0}, "units"),
        ({"limits": {"maxMinutes": 0}}, "limits.maxMinutes"),
        ({"maxAttempts": 0}, "maxAttempts"),
        ({"event": "yes"}, "event"),
        ({"suffix": ".jpg"}, "suffix"),
    ],
)
def test_a_bad_field_is_refused_by_name(given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        entry(**given)

    assert re.match(rf"{re.escape(field)}: (unknown field, )?got .*; .*takes? ", refused.value.sentence)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([{"prefix": "a/"}, {"prefix": "a/b/"}], "[1].prefix"),
        ([{"prefix": "a/b/"}, {"prefix": "a/"}], "[1].prefix"),
        ([{"prefix": "samples/new/"}], "[0].prefix"),
        ([{"results": {"suffix": ".jpg"}}], "[0].results.suffix"),
        ([{"results": {"suffix": ".out.PNG"}}], "[0].results.suffix"),
        ([{"prefix": "a/", "results": {"prefix": "b/", "suffix": ".png"}}, {"prefix": "b/"}], "[0].results.suffix"),
        (
            [{"prefix": "a/", "modelArn": ANOMALIES, "results": {"prefix": "b/"}}, {"prefix": "b/"}],
            "[0].results.prefix",
        ),
        ([{"prefix": "a/", "queueName": "q"}, {"prefix": "b/", "queueName": "q"}], "[1].queueName"),
        ([{"prefix": "a/", "kmsKeyAlias": "k"}, {"prefix": "b/", "kmsKeyAlias": "alias/k"}], "[1].kmsKeyAlias"),
    ],
)
def test_entries_that_get_in_each_others_way_are_refused(entries: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(f"{said}: got ")):
        check_entries([entry(**each) for each in entries], ["samples/"])


def test_the_mask_of_a_result_is_no_upload() -> None:
    anomalies = entry(modelArn=ANOMALIES)

    check_entries([anomalies, entry(prefix="b/", modelArn=ANOMALIES, results={"prefix": "a/"})])
    assert anomalies.source == "bytes"
    assert [each.takes("a/x.jpg.mask.png") for each in (entry(), anomalies)] == [True, False]
    with pytest.raises(InvalidInput, match=re.escape('source: got "s3"; Lookout for Vision takes "bytes"')):
        entry(modelArn=ANOMALIES, source="s3")


def test_entries_apart_from_each_other_are_taken() -> None:
    check_entries(
        [entry(), entry(prefix="b/"), entry(prefix="c/", results={"prefix": "r/", "suffix": ".png"})], ["samples/"]
    )


_ANY = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8) | st.lists(st.text(max_size=3))
_VALUES = _ANY | st.dictionaries(st.sampled_from(["prefix", "suffix", "images", "maxMinutes"]), _ANY)


@given(
    st.dictionaries(
        st.sampled_from([*parse_entry({"prefix": "a/", "modelArn": ARN}).model_dump(by_alias=True), "x"]), _VALUES
    )
)
def test_any_entry_is_taken_or_refused_in_one_sentence(given: dict[str, Any]) -> None:
    try:
        entry(**given)
    except InvalidInput as refused:
        assert "\n" not in refused.sentence
        assert "takes" in refused.sentence


@pytest.mark.parametrize(
    "found",
    [
        {},
        result_metadata("e2", "m", 50),
        result_metadata("e1", "m2", 50),
        result_metadata("e1", "m", 60),
        result_metadata("e1", "m", None),
    ],
)
def test_a_result_of_another_content_model_or_threshold_is_not_current(found: dict[str, str]) -> None:
    wanted = result_metadata("e1", "m", 50.0)

    assert is_current(wanted, {**wanted, "more": "x"})
    assert not is_current(wanted, found)


def test_the_page_has_every_key() -> None:
    page = (Path(ROOT) / "docs" / "uploads.md").read_text("utf-8")
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", page, re.MULTILINE)

    assert {name for row in rows for name in re.findall(r"\w+", row)} == set(entry().model_dump(by_alias=True))
