"""Is a confidence of 90 right nine times in ten? The reliability line and the expected calibration error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Detections with confidences from `low` to `high` (0 to 100): their number, mean confidence, and right share."""

    low: float
    high: float
    count: int
    confidence: float
    right: float


@dataclass(frozen=True)
class Calibration:
    """The bins that have detections. `error` is the mean gap between confidence and right share (0 to 1), weighted by
    the number of detections; None without detections."""

    error: float | None
    bins: tuple[Bin, ...]


def calibration(score: NDArray[np.float64], is_right: NDArray[np.bool_]) -> Calibration:
    """The calibration of detections with a confidence of 0 to 100, in ten bins of equal width."""
    if len(score) == 0:
        return Calibration(None, ())
    bin_numbers = np.clip((score / (100 / BINS)).astype(int), 0, BINS - 1)
    bins = []
    for number in range(BINS):
        is_in_bin = bin_numbers == number
        if is_in_bin.any():
            low, high = 100 * number / BINS, 100 * (number + 1) / BINS
            mean, right = float(score[is_in_bin].mean()), float(is_right[is_in_bin].mean())
            bins.append(Bin(low, high, int(is_in_bin.sum()), mean, right))
    gaps = sum(each.count * abs(each.confidence / 100 - each.right) for each in bins)
    return Calibration(gaps / len(score), tuple(bins))
