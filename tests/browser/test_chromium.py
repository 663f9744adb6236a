"""Where no Chromium is, apt-get installs one: once, whoever asks, and with its own words where it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ASK = "import os; os.geteuid = lambda: 0\nfrom tests.browser.chromium import chromium\nprint(chromium())"
INSTALLS = """#!/bin/sh
echo "$*" >> {folder}/calls
case "$*" in
  *install*) sleep 0.3; printf '#!/bin/sh\\n' > {folder}/chromium; chmod +x {folder}/chromium;;
esac
"""
FAILS = "#!/bin/sh\necho 'E: no network'\nexit 100\n"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of programs: all that the machine has."""
    for name in ("sh", "sleep", "chmod"):
        (tmp_path / name).symlink_to(f"/bin/{name}")
    return tmp_path


def apt_get(machine: Path, script: str) -> None:
    (machine / "apt-get").write_text(script.format(folder=machine), "utf-8")
    (machine / "apt-get").chmod(0o755)


def ask(machine: Path, **more: str) -> subprocess.Popen[str]:
    """Another process asks for Chromium."""
    environment = {"PATH": str(machine), "TMPDIR": str(machine), **more}
    return subprocess.Popen(
        [sys.executable, "-c", ASK],
        env=environment,
        cwd=os.getcwd(),
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_two_workers_that_find_none_install_it_once(machine: Path) -> None:
    apt_get(machine, INSTALLS)

    answers = [each.communicate(timeout=300)[0].strip() for each in [ask(machine), ask(machine)]]

    assert answers == [str(machine / "chromium")] * 2
    calls = (machine / "calls").read_text("utf-8").splitlines()
    assert [call.rpartition("Retries=3 ")[2].split()[0] for call in calls] == ["update", "install"]


def test_an_installation_that_fails_says_what_to_do_and_what_apt_get_said(machine: Path) -> None:
    apt_get(machine, FAILS)

    _, error = ask(machine).communicate(timeout=300)

    assert "apt-get install chromium), or name a Chrome" in error
    assert "apt-get update: E: no network" in error
    assert "apt-get install: E: no network" in error


def test_a_machine_without_apt_get_and_a_wrong_name_say_what_to_do(machine: Path) -> None:
    _, none = ask(machine).communicate(timeout=300)
    _, wrong = ask(machine, CHROMIUM="/nowhere/chrome").communicate(timeout=300)

    assert "the tests of the report need Chromium" in none
    assert "CHROMIUM names /nowhere/chrome, which is no program" in wrong
