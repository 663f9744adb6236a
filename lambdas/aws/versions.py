"""What measures: the versions that a report names."""

from __future__ import annotations

import platform

import botocore

from lambdas import __version__


def versions() -> dict[str, str]:
    """Part -> version."""
    return {"Inference Unit Tuner": __version__, "Python": platform.python_version(), "botocore": botocore.__version__}
