"""Batch inputs as nobody should write them: the contract's, mutated one to four times, or anything in JSON."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from tests.support.fuzzed_inputs import ARN, Contract, anything, mutated

_confidence = st.floats(0, 100) | st.integers(0, 100)

# The contract's fields, with values that it takes.
CONTRACT: Contract = {
    "task": st.just("process"),
    "images.bucket": st.sampled_from(["my-images", "abc"]),
    "images.prefix": st.sampled_from(["incoming/", "", "a b+%ü/"]),
    "images.list": st.sampled_from(["s3://my-images/keys.csv", "s3://mine/a/manifest.json", "s3://mine/a b.jsonl"]),
    "images.listFormat": st.sampled_from(["s3", "keys"]),
    "images.modifiedAfter": st.sampled_from(["2026-11-28T17:00:00Z", "2026-11-28T17:00:00+01:00"]),
    "images.suffixes": st.sampled_from([[".jpg"], [".JPG", ".png"]]).map(deepcopy),
    "images.source": st.sampled_from(["bytes", "s3"]),
    "results.prefix": st.sampled_from(["results/", ""]),
    "results.perImage": st.booleans(),
    "results.minConfidence": st.none() | _confidence,
    "results.keepFrom": st.none() | _confidence,
    "results.groundTruth": st.booleans(),
    "deadline": st.sampled_from([None, {"withinHours": 3}, {"at": "2026-11-28T17:00:00Z"}]).map(deepcopy),
    "units": st.sampled_from(["deadline", "fastest", 1, 100, {"min": 1, "max": 3}]).map(deepcopy),
    "tps": st.none() | st.floats(1e-6, 1e6),
    "measureFirst": st.booleans(),
    "limits.maxMinutes": st.floats(0, 1440, exclude_min=True) | st.integers(1, 1440),
    "limits.maxCostUsd": st.floats(0, 10_000, exclude_min=True) | st.integers(1, 10_000),
    "limits.maxFailedPercent": _confidence,
    "resume": st.none() | st.just("earlier-run"),
    "afterRun": st.sampled_from(["stop", "restore"]),
}
_INSIDE = ("deadline.withinHours", "deadline.at", "units.min", "units.max")
FIELDS = frozenset({"modelArn", "images", "results", "limits", *_INSIDE, *CONTRACT})


@st.composite
def well_formed(draw: st.DrawFn) -> dict[str, Any]:
    """An input that, field by field, takes what the contract says."""
    raw: dict[str, Any] = {"modelArn": ARN}
    for field in draw(st.sets(st.sampled_from(sorted(CONTRACT)), max_size=5)):
        place, _, name = field.rpartition(".")
        (raw.setdefault(place, {}) if place else raw)[name] = draw(CONTRACT[field])
    return raw


def inputs() -> st.SearchStrategy[Any]:
    """Well-formed and mutated inputs, and random JSON."""
    changed = mutated(well_formed(), CONTRACT)
    return st.one_of(changed, changed, changed, anything)
