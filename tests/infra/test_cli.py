"""The app synthesizes with the pinned CDK CLI, for a real account and without one."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.infra.synth import REPOSITORY


def cdk_synth(outdir: Path, *context: str) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    node = shutil.which("node", path=path)
    assert node is not None, "run `make setup`"
    options = [part for pair in context for part in ("--context", pair)]
    # No credentials and no Region: whatever asks AWS at synth fails. The packages of jsii need not be unpacked again.
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "CDK_"))}
    environment["JSII_RUNTIME_PACKAGE_CACHE_ROOT"] = str(Path.home() / ".cache" / "aws" / "jsii" / "package-cache")
    return subprocess.run(
        [node, "node_modules/aws-cdk/bin/cdk", "synth", "--quiet", "--no-notices", "-o", str(outdir), *options],
        cwd=REPOSITORY,
        env=environment | {"PATH": path, "CDK_DISABLE_CLI_TELEMETRY": "true", "HOME": str(outdir)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_for_a_real_account_nothing_but_context_is_needed(tmp_path: Path) -> None:
    arn = "arn:aws:rekognition:eu-west-1:123456789012:project/bees/version/v1/1615476219000"

    done = cdk_synth(tmp_path, f"modelArns={arn}", "modelPollSeconds=15")

    assert done.returncode == 0, done.stderr
    template = json.loads((tmp_path / "InferenceUnitTuner.template.json").read_text("utf-8"))
    assert arn in json.dumps(template)
    assert '\\"Seconds\\":15' in json.dumps(template)


def test_mistyped_keys_end_in_one_line_that_names_what_was_meant(tmp_path: Path) -> None:
    done = cdk_synth(tmp_path, "modelArn=any", "permissionBoundaryArn=any")

    assert done.returncode != 0
    assert "`modelArn` (did you mean `modelArns`?)" in done.stderr
    assert "`permissionBoundaryArn` (did you mean `permissionsBoundaryArn`?)" in done.stderr
    assert "Traceback" not in done.stderr
    assert "b'!!" not in done.stderr, "the banner of Node.js 20 hides the sentence"


def test_the_cli_is_pinned_and_the_lock_names_no_registry() -> None:
    lock = json.loads((REPOSITORY / "package-lock.json").read_text("utf-8"))

    assert lock["packages"]["node_modules/aws-cdk"]["version"] == "2.1148.1"
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
