"""This machine's Chromium. Playwright drives it, and downloads no browser of its own."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
LOCK = Path(tempfile.gettempdir()) / "inference-unit-tuner-chromium.lock"
# Lists of packages grow old, and then name files that are no longer there.
COMMANDS = (["update"], ["install", "--yes", "--no-install-recommends", "chromium"])
# Another apt-get may be at work, and a line may drop.
PATIENT = ["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"]
NEEDED = (
    "the tests of the report need Chromium: install it (apt-get install chromium), or name a Chrome or Chromium in"
    " the environment variable CHROMIUM"
)


def arguments() -> list[str]:
    """The arguments to start it with: as root, it has no sandbox."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []


@cache
def chromium() -> str:
    """Where it is; installed with apt-get where there is none and that is allowed.

    Raises:
        RuntimeError: there is none, with what to do.
    """
    if named := os.environ.get("CHROMIUM"):
        if shutil.which(named) is None:
            raise RuntimeError(f"CHROMIUM names {named}, which is no program; {NEEDED}")
        return named
    if found := _found():
        return found
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise RuntimeError(NEEDED)
    with LOCK.open("w", encoding="utf-8") as lock:
        # A second worker waits here, and then finds what the first one has installed.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _found() or _installed()


def _found() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def _installed() -> str:
    said = ""
    for command in COMMANDS:
        done = subprocess.run(
            ["apt-get", *PATIENT, *command],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=900,
            check=False,
        )
        if done.returncode:
            said += f"\napt-get {command[0]}: {done.stdout[-500:].strip()}"
    found = _found()
    if found is None:
        raise RuntimeError(f"{NEEDED}. It could not be installed:{said}")
    return found
