"""The README is short, in the order in which a newcomer asks, and its figures are those of the code."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from infra.settings.settings import Settings
from iu_tuner.contract.cost_estimate import expected_usd
from iu_tuner.contract.execution_input import LimitsInput, parse_input
from simulation.samples.run import INPUT
from tests.infra.deployments import REGIONS
from tests.unit.docs.links import REPOSITORY

README = (REPOSITORY / "README.md").read_text("utf-8")
MAX_LINES, MAX_WORDS = 150, 1_100
SECTIONS = [
    "What it costs",
    "Quick start",
    "Deploy",
    "Validate the deployment",
    "Run it",
    "What stops the model",
    "Clean up",
    "Where to read on",
]


def section(name: str) -> str:
    """The text below this heading, to the next one."""
    return README.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def test_it_is_read_in_one_sitting() -> None:
    assert len(README.splitlines()) <= MAX_LINES
    assert len(README.split()) <= MAX_WORDS


def test_it_begins_with_a_sentence_and_a_picture_and_goes_on_in_the_order_of_the_questions() -> None:
    assert re.match(r"# .+\n\n[^#!]+\.\n\n!\[[^\]]+\]\(docs/report\.png\)\n\n## ", README)
    assert re.findall(r"^## (.+)$", README, re.MULTILINE) == SECTIONS


def test_it_says_what_a_run_costs_at_the_default_price() -> None:
    usd = expected_usd(parse_input(INPUT), 1, Settings().price_per_inference_unit_hour_usd)

    assert f"about ${usd:.2f}**" in section("What it costs")
    assert f"`limits.maxCostUsd` (${LimitsInput().max_cost_usd:g} by default)" in section("What it costs")


def test_the_regions_of_custom_labels_are_named() -> None:
    named = re.findall(r"\b[a-z]{2}-[a-z]+-\d\b", section("Deploy"))

    assert named == REGIONS
    assert f"in {len(REGIONS)} Regions" in section("Deploy")


@pytest.mark.parametrize("command", ["setup", "demo", "test", "faults", "lint", "bench", "mutants"])
def test_the_commands_exist(command: str) -> None:
    makefile = (REPOSITORY / "Makefile").read_text("utf-8")

    assert f"\n{command}: " in makefile


def test_the_demo_says_what_it_does_before_anything_else() -> None:
    # A make that was started by `make test` would say where it is, first.
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    make = ["make", "--dry-run", "--always-make", "demo"]
    done = subprocess.run(make, cwd=REPOSITORY, env=alone, capture_output=True, encoding="utf-8", check=True)
    first, second, *rest = done.stdout.splitlines()

    assert first.startswith('echo "The demo starts an embedded AWS')
    assert second.startswith("echo ") and "minute" in second
    assert any("pip install" in line for line in rest)
