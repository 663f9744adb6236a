"""The core knows neither AWS nor the clock nor the environment."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

CORE = Path(__file__).parents[2] / "lambdas" / "capacity"
IMPORT_ALL = """
import importlib, pkgutil, sys
import lambdas.capacity as core
for module in pkgutil.iter_modules(core.__path__):
    importlib.import_module(f"lambdas.capacity.{module.name}")
print("\\n".join(sys.modules))
"""


def test_importing_the_core_loads_no_aws_module() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL], cwd=CORE.parents[1], capture_output=True, encoding="utf-8", check=True
    )

    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "lambdas" in loaded
    assert not loaded & {"boto3", "botocore", "aws_lambda_powertools", "urllib3", "pydantic", "logging"}


@pytest.mark.parametrize("module", sorted(CORE.glob("*.py")), ids=lambda path: path.stem)
def test_no_module_of_the_core_reads_clock_environment_or_chance(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    imported = {
        name.name if isinstance(node, ast.Import) else str(node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }

    assert not imported & {"os", "time", "random", "socket", "threading", "logging", "subprocess"}
