"""This machine's Chromium. Playwright drives it, and downloads no browser of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@cache
def chromium() -> str:
    """Where it is; installed with apt-get where there is none and that is allowed.

    Raises:
        RuntimeError: there is none, with what to do.
    """
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", *command], env=quiet, capture_output=True, timeout=600, check=False)
        found = shutil.which("chromium")
    if found is None:
        raise RuntimeError(
            "the tests of the report need Chromium: install it (apt-get install chromium), or name a Chrome or"
            " Chromium in the environment variable CHROMIUM"
        )
    return found
