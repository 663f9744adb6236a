"""The threshold of confidence that serves best: by F1, or by what errors cost."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ErrorCosts:
    """Dollars of one missed object and of one false alarm."""

    miss: float
    false_alarm: float


@dataclass(frozen=True)
class Curve:
    """Counts at each distinct score as threshold, from the highest to the lowest."""

    threshold: Floats
    right: NDArray[np.int64]
    wrong: NDArray[np.int64]
    objects: int

    @classmethod
    def of(cls, score: Floats, is_right: Bools, objects: int) -> Curve:
        """The curve of detections (N) with their scores, of which some are right, and the number of objects."""
        order = np.argsort(-score, kind="stable")
        score, is_right = score[order], is_right[order]
        is_last_of_score = np.append(np.diff(score) != 0, True) if len(score) else np.zeros(0, dtype=bool)
        right, wrong = np.cumsum(is_right)[is_last_of_score], np.cumsum(~is_right)[is_last_of_score]
        return cls(score[is_last_of_score], right.astype(np.int64), wrong.astype(np.int64), objects)

    @property
    def f1(self) -> Floats:
        """F1 at each threshold: 2 right / (right + wrong + objects)."""
        values: Floats = 2 * self.right / np.maximum(1, self.right + self.wrong + self.objects)
        return values

    @property
    def precision(self) -> Floats:
        """Precision at each threshold."""
        values: Floats = self.right / (self.right + self.wrong)
        return values

    @property
    def recall(self) -> Floats:
        """Recall at each threshold; 0 where there are no objects."""
        values: Floats = self.right / max(1, self.objects)
        return values

    def best(self, error_costs: ErrorCosts | None = None) -> float:
        """The threshold with the highest F1, or the lowest costs; of equals the highest.

        Returns 100 if there are no detections, or if finding nothing costs less than any threshold.
        """
        if len(self.threshold) == 0:
            return 100.0
        if error_costs is None:
            return float(self.threshold[np.argmax(self.f1)])
        dollars = (self.objects - self.right) * error_costs.miss + self.wrong * error_costs.false_alarm
        best_index = int(np.argmin(dollars))
        return float(self.threshold[best_index]) if dollars[best_index] <= self.objects * error_costs.miss else 100.0


def halves(keys: tuple[str, ...]) -> Bools:
    """Which images are in the first half: by the hash of the key, so that the order of a file does not matter."""
    order = sorted(range(len(keys)), key=lambda index: sha256(keys[index].encode()).digest())
    first = np.zeros(len(keys), dtype=bool)
    first[order[: len(keys) // 2]] = True
    return first
