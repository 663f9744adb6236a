"""The pages name every field, verdict, error and state that there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from iu_tuner.contract.errors import NAMES
from iu_tuner.contract.events import DetailType
from iu_tuner.contract.execution_input import ExecutionInput
from iu_tuner.contract.output.result import VerdictWord
from iu_tuner.schemas.__main__ import output_schema
from tests.infra.synth import definition, template
from tests.unit.docs.links import FENCE, REPOSITORY

MAX_LINES = 90
# Parts of a demand from the past and of its plan that the report shows, and the schema describes.
FOR_PROGRAMS = {"PastDemandOutput", "Distribution", "BusyHour", "AutoScalingOutput", "ScalingAssumptions", "PlanOutput"}
FOR_PROGRAMS |= {"HoursOn", "PlanAssumptions", "ServiceOutput"}


def page(name: str) -> str:
    """The text of a page under docs."""
    return (REPOSITORY / "docs" / f"{name}.md").read_text("utf-8")


def rows(text: str) -> list[str]:
    """What stands in the first cells of all tables."""
    return [name for cell in re.findall(r"^\|([^|]+)\|", text, re.MULTILINE) for name in re.findall(r"`([^`]+)`", cell)]


def test_every_verdict_and_every_error_has_a_row() -> None:
    named = rows(page("verdicts"))

    assert set(named) >= {*get_args(VerdictWord), *NAMES}
    assert len(named) == len(set(named))


def fields(model: type[BaseModel], place: str = "") -> Iterator[str]:
    """The fields of the input, like `images.bucket`."""
    for name, field in model.model_fields.items():
        models = [part for part in parts(field.annotation) if isinstance(part, type) and issubclass(part, BaseModel)]
        own = f"{place}{to_camel(name)}"
        yield from (inner for each in models for inner in fields(each, f"{own}."))
        if not models:
            yield own


def parts(annotation: Any) -> list[Any]:
    """The types that a union or an annotated type consists of."""
    return [part for inner in get_args(annotation) for part in parts(inner)] or [annotation]


def test_every_field_of_the_input_has_a_row() -> None:
    assert set(rows(page("input"))) == set(fields(ExecutionInput))


def test_every_field_of_the_output_is_explained() -> None:
    text = "".join(each.read_text("utf-8") for each in (REPOSITORY / "docs").glob("*.md"))
    explained = {name for code in re.findall(r"`([^`\n]+)`", text) for name in re.findall(r"\w+", code)}

    kinds = output_schema()["$defs"]
    found = {f"{kind}.{name}" for kind in kinds if kind not in FOR_PROGRAMS for name in kinds[kind]["properties"]}
    assert {each for each in found if each.partition(".")[2] not in explained} == set()


def test_every_output_of_the_stack_has_a_row() -> None:
    outputs = set(template()["Outputs"])

    assert set(rows(page("configuration"))) >= outputs
    assert {"ImageBucketName", "StateMachineArn"} <= outputs, "the README names them"


def test_the_kinds_of_events_are_named() -> None:
    assert all(f"`{kind}`" in page("notifications") for kind in get_args(DetailType))
    assert json.dumps(get_args(DetailType)[1]) in page("notifications")


def test_the_picture_has_the_machine_s_states() -> None:
    diagram = page("method").partition("```mermaid")[2].partition("```")[0]
    drawn = set(re.findall(r"\b[A-Z][A-Za-z]+\b", re.sub(r'"[^"]*"|:.*', "", diagram)))

    assert drawn == {name.rstrip("?") for name in state_names(definition())}


def state_names(machine: dict[str, Any]) -> set[str]:
    names = set()
    for name, state in machine["States"].items():
        names |= {name}
        for inner in (*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])):
            names |= state_names(inner)
    return names


@pytest.mark.parametrize("path", sorted((REPOSITORY / "docs").glob("*.md")), ids=lambda path: path.stem)
def test_a_page_is_short_beside_its_samples_and_tables(path: Path) -> None:
    prose = FENCE.sub("", path.read_text("utf-8"))

    assert len([line for line in prose.splitlines() if not line.startswith("|")]) <= MAX_LINES
