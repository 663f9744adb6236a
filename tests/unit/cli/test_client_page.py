"""What docs/cli.md says of the client is what it does."""

from __future__ import annotations

import re
from pathlib import Path

from iu_tuner.cli.outcome.assertions import Assertion
from iu_tuner.exit_codes import Exit

PAGE = (Path(__file__).parents[3] / "docs" / "cli.md").read_text("utf-8")


def test_every_exit_code_is_in_the_table() -> None:
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)] == list(Exit)


def test_the_assertions_shown_are_taken() -> None:
    shown = [*re.findall(r'--assert "([^"]+)"', PAGE), *re.findall(r"`(\w[\w.]+<=\d+)`", PAGE)]

    assert len(shown) == 3
    assert [Assertion.parse(text).text for text in shown] == shown
