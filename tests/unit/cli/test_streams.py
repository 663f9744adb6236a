"""The client where its streams are poor: ASCII only, closed, full, or with nobody who reads them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from iu_tuner.exit_codes import Exit
from tests.unit.cli.aws_stub import MODEL

CLIENT = """
import json, sys
from iu_tuner.cli import main as tune
from iu_tuner.cli.aws import stack as deployed
from iu_tuner.cli.aws.runs_table import PastRun, RunsTable
from iu_tuner.cli.session import polling as following
from simulation.samples.run import sample_output
from tests.unit.cli.aws_stub import Aws
output = sample_output()
past = [PastRun({"startedAt": "2026-11-21T06:00:00.000Z", **output, "runId": "B\\u00e4ume\\u2026"})]
RunsTable.past_runs = lambda *_: past
deployed.open_session = lambda *_: Aws(["RUNNING", "SUCCEEDED"], {"output": json.dumps(output)}, has_run=False)
following.PAUSE_S = 0.0
sys.exit(tune.main())
"""
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def client(arguments: str, redirected: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    """The client in a shell of its own, on an AWS with one run."""
    script = f'"$PYTHON" -c "$CLIENT" {arguments} {redirected}'
    environment = {**os.environ, "PYTHON": sys.executable, "CLIENT": CLIENT, "PYTHONPATH": os.getcwd(), **more}
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {script}"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_ascii_takes_any_text() -> None:
    ended = client(f"history {MODEL}", **ASCII)

    assert (ended.returncode, ended.stderr) == (Exit.OK, "")
    assert "B\\xe4ume\\u2026" in ended.stdout


def test_an_input_is_utf_8_wherever_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "input.json"
    file.write_text('{"modelArn": "ä"}', "utf-8")

    ended = client(f"run --input {file}", **ASCII)

    assert ended.returncode == Exit.USAGE
    assert 'modelArn: got "\\xe4"; takes the ARN' in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "redirected", "code"),
    [
        (f"history {MODEL}", ">&-", Exit.OK),
        (f"history {MODEL} --json", ">&-", Exit.OK),
        (f"run {MODEL}", "<&- >&- 2>&-", Exit.OK),
        ("run a-model", "<&- >&- 2>&-", Exit.USAGE),
        ("--help", "| true", Exit.OK),
        ("run --no-such-option", "2>&1 | true", Exit.USAGE),
        ("run a-model", "2>&1 | true", Exit.USAGE),
    ],
)
def test_nobody_has_to_read_it(arguments: str, redirected: str, code: Exit) -> None:
    ended = client(arguments, redirected)

    assert (ended.returncode, ended.stdout, "Traceback" in ended.stderr) == (code, "", False)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this machine")
def test_an_output_that_is_full_is_said() -> None:
    ended = client(f"history {MODEL} --json", ">/dev/full")

    assert ended.returncode == Exit.USAGE
    assert ended.stderr == "the output: No space left on device\n" or "No space left on device" in ended.stderr
    assert "Traceback" not in ended.stderr
