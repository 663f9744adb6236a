"""What the README says of the client is what it does."""

from __future__ import annotations

import re
from pathlib import Path

from tools.assertions import Assertion
from tools.exits import Exit

SECTION = (Path(__file__).parents[3] / "README.md").read_text().partition("### From the command line")[2]
SECTION = SECTION.partition("\n### ")[0]


def test_every_exit_code_is_in_the_table() -> None:
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", SECTION, re.MULTILINE)] == list(Exit)


def test_the_assertions_shown_are_taken() -> None:
    shown = [*re.findall(r'--assert "([^"]+)"', SECTION), *re.findall(r"`(\w[\w.]+<=\d+)`", SECTION)]

    assert len(shown) == 3
    assert [Assertion.parse(text).text for text in shown] == shown
