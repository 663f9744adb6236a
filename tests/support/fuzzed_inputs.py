"""Execution inputs as nobody should write them: the contract's, mutated one to four times, or anything in JSON."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from iu_tuner.contract.input_errors import escaped_name

SENTENCE = re.compile(r".+?: (?:got|unknown field, got) .+?; .*?takes .+")
MAX_SENTENCE = 2_000
ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/bees.2021-03-11T15.23.39/1615476219000"

Contract = Mapping[str, st.SearchStrategy[Any]]

# The contract's fields, with values that it takes.
CONTRACT: Contract = {
    "images.bucket": st.sampled_from(["my-images", "abc", "a.b-c.d"]),
    "images.prefix": st.sampled_from(["samples/", "", "a b+%ü/"]),
    "images.source": st.sampled_from(["bytes", "s3"]),
    "images.compare": st.booleans(),
    "demand.averageTps": st.floats(1e-6, 10) | st.integers(1, 10),
    "demand.peakTps": st.floats(10, 1e6) | st.integers(10, 10**6),
    "demand.headroom": st.floats(0, 10) | st.integers(0, 10),
    "demand.images": st.integers(1, 10**12),
    "demand.withinHours": st.floats(0, 8760, exclude_min=True) | st.integers(1, 8760),
    "demand.fromCloudWatchDays": st.integers(1, 455),
    "demand.percentile": st.floats(50, 100) | st.integers(50, 100),
    "test.inferenceUnits": st.integers(1, 100),
    "test.mode": st.sampled_from(["quick", "standard", "precise"]),
    "test.startConcurrency": st.integers(1, 4),
    "test.maxConcurrency": st.integers(4, 4000),
    "test.inFlightPerWorker": st.integers(1, 64),
    "test.allowOtherTraffic": st.booleans(),
    "test.verifyScaling": st.booleans(),
    "limits.maxMinutes": st.floats(0, 300, exclude_min=True) | st.integers(1, 300),
    "limits.maxCostUsd": st.floats(0, 10_000, exclude_min=True) | st.integers(1, 10_000),
    "afterRun": st.sampled_from(["stop", "restore", "apply"]),
}
KINDS_OF_DEMAND = (
    {"demand.averageTps", "demand.peakTps", "demand.headroom"},
    {"demand.images", "demand.withinHours"},
    {"demand.fromCloudWatchDays", "demand.percentile", "demand.headroom"},
)
FIELDS = frozenset({"modelArn", "images", "demand", "test", "limits", *CONTRACT})


def nested(depth: int) -> list[Any]:
    """So many lists in each other."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


# What JSON can hold and hardly anybody means, for any field.
NASTY: tuple[Any, ...] = (
    "\ud800",
    "samples/\udfff",
    "\udc00\ud800",
    "\x00",
    "a\nb",
    "",
    " ",
    "x" * 200_000,
    "\U0010ffff",
    "é" * 600,
    {"\ud800": 1},
    {"a": {"\udfff": "\ud800"}},
    ["\ud800"],
    {},
    [],
    None,
    True,
    -1,
    0,
    10**400,
    10**5000,
    1e308,
    -0.0,
    5e-324,
    math.nan,
    math.inf,
    nested(400),
    nested(50_000),
    {"a": nested(50_000)},
)

nasty = st.sampled_from(NASTY).map(lambda value: dict(value) if isinstance(value, dict) else value)
any_text = st.text(st.characters(), max_size=12) | st.sampled_from(
    ["", "\ud800", "\x00", "\n", "٣", "é" * 600, "x" * 5000, "stop ", "STOP", "1", "true", "null", "a: got b; takes c"]
)
any_number = st.sampled_from(
    [0, -1, -0.0, 1.0, 1.5, 5e-324, 1e-300, 1e308, -1e308, 10**30, 10**400, 2**53 + 1, math.nan, math.inf, -math.inf]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | any_number | any_text
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3), max_leaves=8
)


@st.composite
def well_formed(draw: st.DrawFn, model_arn: str) -> dict[str, Any]:
    """An input that, field by field, takes what the contract says."""
    left_out = set().union(*KINDS_OF_DEMAND) - draw(st.sampled_from(KINDS_OF_DEMAND))
    raw: dict[str, Any] = {"modelArn": model_arn}
    for field in draw(st.sets(st.sampled_from(sorted(CONTRACT.keys() - left_out)))):
        place, _, name = field.rpartition(".")
        (raw.setdefault(place, {}) if place else raw)[name] = draw(CONTRACT[field])
    return raw


@st.composite
def mutated(draw: st.DrawFn, wanted: st.SearchStrategy[dict[str, Any]], contract: Contract = CONTRACT) -> Any:
    """A well-formed input in which up to four things were changed."""
    raw = deepcopy(draw(wanted))
    names = st.sampled_from(sorted({name for field in contract for name in field.split(".")}))
    for _ in range(draw(st.integers(0, 4))):
        objects = [raw, *(value for value in raw.values() if isinstance(value, dict))]
        target = draw(st.sampled_from(objects))
        key = draw(st.sampled_from([*target, "modelArn"]) | any_text | names)
        target[key] = draw(_changed(target.get(key), contract))
        if draw(st.integers(0, 5)) == 0:
            del target[key]
    return raw


def _changed(value: Any, contract: Contract) -> st.SearchStrategy[Any]:
    """Another value, another type of the same value, the value a level deeper; of a text, more or less of it."""
    changes = [anything, nasty, st.just([value]), st.just({"value": value})]
    changes += [st.sampled_from([*contract.values()]).flatmap(lambda valid: valid)]
    changes += [] if isinstance(value, int | list | dict) else [st.just(str(value)[:4000])]
    if isinstance(value, int | float) and not isinstance(value, bool):
        changes += [st.sampled_from([-value, value * 1000, value + 0.5]) if abs(value) < 1e300 else anything]
    if isinstance(value, str):
        changes += [any_text.map(lambda more: value + more), any_text.map(lambda more: more + value)]
    return st.one_of(changes)


def inputs(model_arn: str = ARN) -> st.SearchStrategy[Any]:
    """Well-formed and mutated inputs, and random JSON."""
    changed = mutated(well_formed(model_arn))
    return st.one_of(changed, changed, changed, anything)


def is_in_words(sentence: str, raw: Any, fields: Iterable[str] = FIELDS) -> None:
    """The sentence names a field of the input or of the contract, what it got, and what it takes."""
    named_fields = {"the input", *fields, *fields_of(raw)}

    assert SENTENCE.fullmatch(sentence), sentence
    assert any(sentence.startswith(f"{field}: ") for field in named_fields), sentence
    assert len(sentence.encode()) <= MAX_SENTENCE


def fields_of(raw: Any) -> Iterator[str]:
    for key, value in raw.items() if isinstance(raw, Mapping) else ():
        yield escaped_name(key)
        for inner in value if isinstance(value, Mapping) else ():
            yield f"{escaped_name(key)}.{escaped_name(inner)}"
