"""The versions of the software that measures, for reports."""

from __future__ import annotations

import platform

import botocore

from iu_tuner.contract.names import VERSION


def versions() -> dict[str, str]:
    """The versions by the name of the software."""
    return {"Inference Unit Tuner": VERSION, "Python": platform.python_version(), "botocore": botocore.__version__}
