"""The command as a fixture."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.vision.comparing import Command


@pytest.fixture
def compare(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    return Command(capsys, tmp_path)
