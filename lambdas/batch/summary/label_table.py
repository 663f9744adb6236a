"""`summary.csv`: how often a batch found each label, and how sure the model was. Pure."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from iu_tuner.contract.detections import Detections

_HEADER = ("label", "images", "detections", "meanConfidence", "minConfidence", "maxConfidence")


@dataclass
class _Sums:
    images: int = 0
    detections: int = 0
    confidence: float = 0.0
    lowest: float = 100.0
    highest: float = 0.0


class LabelTable:
    """Counts the labels of one image after the other."""

    def __init__(self) -> None:
        self._sums: dict[str, _Sums] = {}

    def add(self, detections: Detections) -> None:
        """Count an image's labels."""
        for label in detections.labels:
            sums = self._sums.setdefault(label.name, _Sums())
            sums.detections += 1
            sums.confidence += label.confidence
            sums.lowest, sums.highest = min(sums.lowest, label.confidence), max(sums.highest, label.confidence)
        for name in {label.name for label in detections.labels}:
            self._sums[name].images += 1

    def as_csv(self) -> bytes:
        """A row for each label, the most frequent first. Confidences are from 0 to 100."""
        table = io.StringIO()
        rows = csv.writer(table)
        rows.writerow(_HEADER)
        for name, sums in sorted(self._sums.items(), key=lambda each: (-each[1].images, each[0])):
            mean = round(sums.confidence / sums.detections, 3)
            rows.writerow((name, sums.images, sums.detections, mean, round(sums.lowest, 3), round(sums.highest, 3)))
        return table.getvalue().encode()
