"""The input is parsed alike by the oldest pydantic that a Powertools layer may bring along.

The layer has the version of Powertools' own lock, not the one of this repository, so the input's tests run once more
with that: in a process of their own, from a folder that pytest keeps between runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.lowest_pydantic import LOWEST

REPOSITORY = Path(__file__).parents[3]
TESTS = (
    "tests/support/lowest_pydantic.py",
    "tests/unit/contract/test_execution_input.py",
    "tests/unit/contract/batch/test_batch_input.py",
)


@pytest.fixture
def packages(pytestconfig: pytest.Config) -> Path:
    """A folder with that pydantic and what it needs."""
    assert pytestconfig.cache is not None
    made: Path = pytestconfig.cache.mkdir(f"pydantic-{LOWEST}-python{sys.version_info.minor}")
    complete = made / "complete"
    if not complete.exists():
        options = ["--target", str(made), "--upgrade", "--only-binary", ":all:", "--timeout", "10"]
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run(
            [*pip, *options, f"pydantic=={LOWEST}"], capture_output=True, encoding="utf-8", check=False, timeout=900
        )
        assert done.returncode == 0, done.stderr
        complete.touch()
    return made


@pytest.mark.skipif(
    sys.version_info >= (3, 14), reason=f"pydantic {LOWEST} is older than this Python; the layer's is 3.13"
)
def test_the_input_is_parsed_alike_by_the_oldest_pydantic_of_a_layer(packages: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *TESTS],
        cwd=REPOSITORY,
        env={**environment, "PYTHONPATH": str(packages)},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=900,
    )

    assert done.returncode == 0, done.stdout + done.stderr
