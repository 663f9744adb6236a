"""The command as a fixture."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.vision.comparing import Command
from tests.unit.vision.drawn import Looking


@pytest.fixture
def compare(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    return Command(capsys, tmp_path)


@pytest.fixture
def looking(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Looking:
    return Looking(capsys, tmp_path)
