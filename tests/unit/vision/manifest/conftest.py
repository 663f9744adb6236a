"""The command as a fixture."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.vision.manifest.samples import Manifest


@pytest.fixture
def manifest(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Manifest:
    return Manifest(capsys, tmp_path)
