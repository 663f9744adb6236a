"""Executions that a test ran again, since this machine and not the model decided their verdict.

The summary of the test session names each of them: a verdict that often needs a second run is a finding.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.turns import session_folder


def repeats_file(factory: pytest.TempPathFactory) -> Path:
    """The list that all processes of this test session append to."""
    return session_folder(factory) / "repeated-executions"


def record_repeat(file: Path, name: str, verdict: object, due: object) -> None:
    """Add the execution `name` to the list: it ended with `verdict`, where `due` was right."""
    with file.open("a", encoding="utf-8") as lines:
        lines.write(f"{name}: {verdict} instead of {due}\n")
