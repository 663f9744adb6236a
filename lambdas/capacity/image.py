"""Images that are sent to the model, and those that can't be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Source = Literal["bytes", "s3"]
MOST_BYTES: dict[Source, int] = {"bytes": 4 * 1024**2, "s3": 15 * 1024**2}  # quotas of DetectCustomLabels


@dataclass(frozen=True)
class Image:
    """An object in the image bucket that can be sent to the model."""

    key: str
    bytes: int


@dataclass(frozen=True)
class SkippedImage:
    """An object that can't, and why."""

    key: str
    reason: str
