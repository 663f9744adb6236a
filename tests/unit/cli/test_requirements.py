"""The client runs with what pip installs with it, and brings nothing of the stack's or the Lambdas'."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
THIRD_PARTY = {
    "aws_lambda_powertools",
    "aws_cdk",
    "constructs",
    "moto",
    "ministack",
    "aiohttp",
    "PIL",
    "numpy",
    "pycocotools",
}


def test_importing_the_client_loads_no_package_that_its_users_do_not_install() -> None:
    done = subprocess.run(
        [sys.executable, "-c", 'import sys, iu_tuner.cli.main; print("\\n".join(sys.modules))'],
        cwd=REPOSITORY,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )

    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert {"boto3", "click", "pydantic", "rich"} <= loaded
    assert not loaded & THIRD_PARTY


def test_the_client_pins_what_the_stack_pins() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    (shared,) = [pin for pin in project["dependencies"] if pin.startswith("pydantic==")]

    stack = (REPOSITORY / "requirements.txt").read_text("utf-8").splitlines()
    assert shared in {line.partition("#")[0].strip() for line in stack}
