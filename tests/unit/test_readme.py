"""What the README shows is what the app takes, does and answers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bench.sample_run import INPUT, sample_output
from lambdas.adapters.execution_input import parse_input
from lambdas.capacity.errors import NAMES
from tests.infra.synth import definition

README = (Path(__file__).parents[2] / "README.md").read_text()


def block_after(marker: str) -> str:
    found = re.search(rf"<!-- {marker} -->\s+```json\n(.*?)```", README, re.DOTALL)
    assert found, marker
    return found.group(1)


def test_the_sample_input_is_accepted() -> None:
    shown = json.loads(block_after("sample input"))

    assert shown == INPUT
    assert parse_input(shown).model_arn == INPUT["modelArn"]


def test_the_sample_output_is_the_search_s() -> None:
    """To refresh it: python -m bench.sample_run"""
    assert json.loads(block_after("sample output")) == sample_output()


def test_every_error_and_verdict_is_named() -> None:
    assert all(f"`{name}`" in README for name in NAMES)


def test_the_picture_has_the_machine_s_states() -> None:
    diagram = README.partition("```mermaid")[2].partition("```")[0]
    drawn = set(re.findall(r"\b[A-Z][A-Za-z]+\b", re.sub(r'"[^"]*"|:.*', "", diagram)))

    assert drawn == {name.rstrip("?") for name in state_names(definition())}


def state_names(machine: dict) -> set[str]:  # type: ignore[type-arg]
    names = set()
    for name, state in machine["States"].items():
        names |= {name}
        for inner in (*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])):
            names |= state_names(inner)
    return names


@pytest.mark.parametrize("command", ["make demo", "make test", "make faults", "make bench", "make lint"])
def test_the_commands_exist(command: str) -> None:
    makefile = (Path(__file__).parents[2] / "Makefile").read_text()

    assert f"\n{command.removeprefix('make ')}: " in makefile
