"""The setup of a model's answers, from JSON values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from iu_tuner.contract.detections import labels_of

# Confidences in percent from which a label is answered if a request has no MinConfidence.
ASSUMED_THRESHOLDS = {"bee": 62.5, "wasp": 50.0, "hornet": 41.3}
INVALID_IMAGE = "InvalidImageFormatException"


@dataclass(frozen=True, kw_only=True)
class AnswerSetup:
    """What a model answers to certain images; others get random labels.

    `detections` are detections lines, of which `labels` and `key` or `sha256` are used. `poison` are refused images:
    `key` or `sha256`, `code` (InvalidImageFormatException by default) and `times` (by default always).
    """

    detections: tuple[Mapping[str, Any], ...] = ()
    poison: tuple[Mapping[str, Any], ...] = ()
    assumed_thresholds: Mapping[str, float] = field(default_factory=lambda: dict(ASSUMED_THRESHOLDS))

    def __post_init__(self) -> None:
        """Check the lines. Raises ValueError."""
        for line in self.detections:
            name_of(line)
            labels_of(line)
        for line in self.poison:
            name_of(line)
            times = line.get("times", 1)
            if not isinstance(line.get("code", INVALID_IMAGE), str) or not isinstance(times, int) or times < 1:
                raise ValueError(f"poison: got {json.dumps(line)}, takes a name as code and a whole number as times")

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> AnswerSetup:
        """Read the setup from JSON values by field name. Raises ValueError, TypeError."""
        lines = {name: tuple(values.get(name, ())) for name in ("detections", "poison")}
        return cls(**{**values, **lines})


def name_of(line: Mapping[str, Any]) -> str:
    """The image that a line is about: its key in S3, or its content's SHA-256 in hex. Raises ValueError."""
    name = line.get("key") or line.get("sha256")
    if not isinstance(name, str):
        raise ValueError(f"got a line with {', '.join(line) or 'nothing'}, takes key or sha256 as a text")
    return name


def read_lines(lines: Iterable[str]) -> tuple[dict[str, Any], ...]:
    """Read JSON lines, without empty ones. Raises ValueError."""
    return tuple(json.loads(line) for line in lines if line.strip())
