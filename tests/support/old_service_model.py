"""The service model of Lookout for Vision, as botocore had it last: in version 1.40.60, from its wheel."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

VERSION = "1.40.60"
SERVICE = "lookoutvision"


def data_path(cache: Path) -> Path:
    """A folder for AWS_DATA_PATH with that service alone. It is made in `cache` if it is not there yet."""
    found = cache / f"botocore-{VERSION}"
    if not found.exists():
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            _extract(Path(folder))
            data = Path(folder) / "botocore" / "data"
            try:
                data.rename(found)
            except OSError:  # another process was faster
                assert found.exists()
    return found


def _extract(folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
    subprocess.run([*pip, "--dest", str(folder), f"botocore=={VERSION}"], check=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith(f"botocore/data/{SERVICE}/")]
        archive.extractall(folder, names)
