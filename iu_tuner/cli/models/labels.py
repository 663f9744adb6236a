"""The labels in a result of an image, and those of them from a threshold on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from iu_tuner.contract.detections import Box, Label, anomaly_label

CSV_HEAD = ("key", "label", "confidence", "left", "top", "width", "height")


@dataclass(frozen=True)
class ImageLabels:
    """The labels that a model found in an image. A label of the whole image has no box."""

    key: str
    labels: tuple[Label, ...]

    @classmethod
    def of(cls, key: str, result: Mapping[str, Any]) -> ImageLabels:
        """The labels in a result's file: its `CustomLabels`, or the verdict of its `DetectAnomalyResult`."""
        if "DetectAnomalyResult" in result:
            return cls(key, (anomaly_label(result["DetectAnomalyResult"]),))
        return cls(key, tuple(_label(each) for each in result.get("CustomLabels", ())))

    def at_least(self, threshold: float) -> ImageLabels:
        """The labels with at least this confidence, from 0 to 100."""
        return ImageLabels(self.key, tuple(each for each in self.labels if each.confidence >= threshold))

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows of a CSV file, one for each label, in the order of CSV_HEAD."""
        for each in self.labels:
            box = each.box
            sides = ("",) * 4 if box is None else (box.left, box.top, box.width, box.height)
            yield (self.key, each.name, each.confidence, *sides)

    def as_json(self) -> dict[str, Any]:
        """The labels as JSON values."""
        return {"key": self.key, "labels": [label.to_json() for label in self.labels]}


def _label(custom_label: Mapping[str, Any]) -> Label:
    sides = (custom_label.get("Geometry") or {}).get("BoundingBox")
    box = None if sides is None else Box(sides["Left"], sides["Top"], sides["Width"], sides["Height"])
    return Label(custom_label["Name"], custom_label["Confidence"], box)
