"""The client runs with what its requirements file names, and brings nothing of the stack's or the Lambdas'."""

from __future__ import annotations

import subprocess
import sys
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


def test_the_requirements_pin_what_the_stack_pins() -> None:
    def pins(name: str) -> set[str]:
        return {line.partition("#")[0].strip() for line in (REPOSITORY / name).read_text("utf-8").splitlines()}

    (shared,) = [pin for pin in pins("requirements-client.txt") if pin.startswith("pydantic==")]
    assert shared in pins("requirements.txt")
