"""What a comparison was made from: hashes of its files, versions, and parameters."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("numpy", "pycocotools")


def provenance(truth: Path, predictions: Mapping[str, Path], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The stamp. The same files, versions and parameters give the same numbers."""
    return {
        "truthSha256": digest(truth),
        "predictionsSha256": {name: digest(path) for name, path in predictions.items()},
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "parameters": dict(parameters),
    }


def digest(path: Path) -> str:
    """SHA-256 of a file; of a folder, that of its files' names and hashes, in the order of the names."""
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.is_file())
        file_list = "".join(f"{digest(each)}  {each.relative_to(path).as_posix()}\n" for each in files)
        return sha256(file_list.encode()).hexdigest()
    with path.open("rb") as file:
        file_hash = sha256()
        while chunk := file.read(1 << 20):
            file_hash.update(chunk)
    return file_hash.hexdigest()
