"""What the pages show is what the app takes, does and answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from iu_tuner.contract.execution_input import parse_input
from simulation.samples.run import INPUT
from tests.unit.docs import samples
from tests.unit.docs.samples import SAMPLES, compact, refresh, shown_samples

X, Y = "x-x " * 23, "y" * 90


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_what_is_computed(name: str) -> None:
    """To refresh all of them: python -m tests.unit.docs.samples"""
    assert shown_samples()[name] == SAMPLES[name]() + "\n"


def test_every_sample_on_a_page_is_computed() -> None:
    assert set(shown_samples()) == set(SAMPLES)


@pytest.mark.parametrize("name", ["smallest input", "input", "whole input"])
def test_a_sample_input_is_accepted(name: str) -> None:
    assert parse_input(json.loads(shown_samples()[name])).model_arn == INPUT["modelArn"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{}"),
        ([1, None, "a"], '[1, null, "a"]'),
        ({"a": [X, Y]}, f'{{\n  "a": [\n    "{X}",\n    "{Y}"\n  ]\n}}'),
        ({"a": {"b": 1, "c": X, "d": Y}}, f'{{\n  "a": {{\n    "b": 1, "c": "{X}",\n    "d": "{Y}"\n  }}\n}}'),
    ],
)
def test_json_is_compact_and_means_the_same(value: Any, text: str) -> None:
    assert compact(value) == text
    assert json.loads(text) == value


def test_a_page_is_written_anew_where_its_sample_is_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "REPOSITORY", tmp_path)
    (page := tmp_path / "page.md").write_text(
        "a\n\n<!-- sample input -->\n```json\n{}\n```\n\n```text\nb\n```\n", "utf-8"
    )

    refresh(page)

    assert page.read_text("utf-8") == (
        f"a\n\n<!-- sample input -->\n```json\n{SAMPLES['input']()}\n```\n\n```text\nb\n```\n"
    )
