"""The published schemas are those of the types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.execution_input import parse_input
from iu_tuner.schemas.__main__ import SCHEMAS, input_schema
from simulation.samples.run import INPUT

DOCS = Path(__file__).parents[3] / "docs"
INPUT_SCHEMA = jsonschema.Draft202012Validator(input_schema())


@pytest.mark.parametrize(("name", "schema"), [(name, schema()) for name, schema in SCHEMAS.items()])
def test_the_published_schema_is_that_of_the_types(name: str, schema: dict[str, Any]) -> None:
    published = json.loads((DOCS / f"{name}.schema.json").read_text("utf-8"))

    assert published == schema, "run: python -m iu_tuner.schemas docs"
    jsonschema.Draft202012Validator.check_schema(published)


@pytest.mark.parametrize(
    ("changed", "is_valid"),
    [
        ({}, True),
        ({"demand": {"images": 5, "withinHours": 1}}, True),
        ({"demand": {"fromCloudWatchDays": 14}}, True),
        ({"afterRun": "apply"}, True),
        ({"afterRun": "burn"}, False),
        ({"modelArn": "arn:aws:s3:::bees"}, False),
        ({"test": {"inferenceUnits": 0}}, False),
        ({"test": {"units": 1}}, False),
    ],
)
def test_the_input_s_schema_takes_and_refuses_what_the_parser_does(changed: dict[str, Any], is_valid: bool) -> None:
    raw = {**INPUT, **changed}

    assert INPUT_SCHEMA.is_valid(raw) == is_valid == parses(raw)


def parses(raw: dict[str, Any]) -> bool:
    try:
        parse_input(raw)
    except InvalidInput:
        return False
    return True
