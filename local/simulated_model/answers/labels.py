"""The labels of an image that no file names: random ones, which depend on the image's content only."""

from __future__ import annotations

import json
from collections.abc import Iterable
from random import Random
from typing import Any

from iu_tuner.contract.detections import Box, Label

NAMES = ("bee", "wasp", "hornet")
MOST_LABELS = 6
# Confidences of random labels, in percent. The first label of an image is always a sure one.
SURE, UNSURE = (80.0, 98.9), (5.0, 98.9)


def random_labels(content_sha256: bytes) -> tuple[Label, ...]:
    """One to six labels with boxes, the surest first."""
    random = Random(content_sha256)
    labels = [_label(random, *SURE)] + [_label(random, *UNSURE) for _ in range(random.randrange(MOST_LABELS))]
    return tuple(sorted(labels, key=lambda label: -label.confidence))


def _label(random: Random, low: float, high: float) -> Label:
    width, height = (round(random.uniform(0.05, 0.4), 5) for _ in range(2))
    left, top = (round(random.uniform(0.0, 1.0 - side), 5) for side in (width, height))
    return Label(random.choice(NAMES), round(random.uniform(low, high), 3), Box(left, top, width, height))


def response_body(labels: Iterable[Label]) -> bytes:
    """The body of a DetectCustomLabels response."""
    return json.dumps({"CustomLabels": [_custom_label(label) for label in labels]}).encode()


def _custom_label(label: Label) -> dict[str, Any]:
    named: dict[str, Any] = {"Name": label.name, "Confidence": label.confidence}
    if (box := label.box) is None:
        return named
    sides = {"Width": box.width, "Height": box.height, "Left": box.left, "Top": box.top}
    return {**named, "Geometry": {"BoundingBox": sides}}
