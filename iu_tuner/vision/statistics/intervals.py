"""95 % intervals: bootstrap over images, Wilson's for shares of 0 and 1, and Newcombe's for their differences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CONFIDENCE = 0.95
RESAMPLES = 2000
MIN_IMAGES, MIN_OBJECTS = 30, 10  # with fewer, resamples say too little
SEED = 20210311  # the same resamples for every model and every run: differences are paired, and numbers repeat
_Z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)


@dataclass(frozen=True)
class Interval:
    """A value and its bounds. `note` says why there are none."""

    value: float | None
    low: float | None = None
    high: float | None = None
    note: str | None = None


@dataclass(frozen=True)
class Resamples:
    """How often each of RESAMPLES resamples draws each of `images` images: (RESAMPLES, images)."""

    images: int

    @property
    def weights(self) -> NDArray[np.uint8]:
        """The counts. They are the same each time for the same number of images."""
        return _weights(self.images)

    def sums(self, counts: NDArray[np.int64]) -> Floats:
        """The sum of each column of `counts` (images, C) in each resample: (RESAMPLES, C)."""
        return np.vstack([part.astype(np.float64) @ counts for part in self._parts()])

    def _parts(self) -> Iterator[NDArray[np.uint8]]:
        yield from np.array_split(self.weights, max(1, self.images * RESAMPLES // 2_000_000))

    def bounds(self, samples: Floats) -> tuple[float, float]:
        """The bounds between which 95 % of the resampled values lie, widened for the number of images.

        The percentiles are those of Student's t for n - 1 images, times sqrt(n / (n - 1)): a plain percentile
        interval is too narrow for few images (Hesterberg, What teachers should know about the bootstrap, 2015).
        """
        degrees = self.images - 1
        quantile = student_t(degrees) * math.sqrt(self.images / degrees)
        tail = NormalDist().cdf(-quantile)
        low, high = np.nanquantile(samples, [tail, 1 - tail])
        return float(low), float(high)


@lru_cache(maxsize=1)
def _weights(images: int) -> NDArray[np.uint8]:
    generator = np.random.default_rng(SEED)
    weights = np.empty((RESAMPLES, images), dtype=np.uint8)
    for row in weights:
        row[:] = np.bincount(generator.integers(images, size=images), minlength=images)
    return weights


def student_t(degrees: int) -> float:
    """The 97.5 % point of Student's t, by Cornish and Fisher's expansion: right to 4 digits from 29 degrees on."""
    z = _Z
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / degrees + second / degrees**2 + third / degrees**3


def no_interval_reason(images: int, objects: int) -> str | None:
    """Why there is no interval; None if there are images and objects enough."""
    if images < MIN_IMAGES:
        return f"no interval: {images} images, and it takes {MIN_IMAGES}"
    if objects < MIN_OBJECTS:
        return f"no interval: {objects} objects, and it takes {MIN_OBJECTS}"
    return None


def wilson(hits: float, trials: float) -> tuple[float, float]:
    """Wilson's score interval of a share of `hits` in `trials` trials."""
    share, square = hits / trials, _Z**2
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half_width = _Z / (1 + square / trials) * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    low, high = max(0.0, middle - half_width), min(1.0, middle + half_width)
    return (0.0 if hits == 0 else low), (1.0 if hits == trials else high)


def share_interval(hits: int, trials: int, samples: Floats, resamples: Resamples, note: str | None) -> Interval:
    """A share with its interval: by bootstrap, or Wilson's where the share is 0 or 1, which every resample repeats."""
    if trials == 0:
        return Interval(None, note="there is nothing to divide by")
    if note:
        return Interval(hits / trials, note=note)
    return Interval(hits / trials, *(wilson(hits, trials) if hits in (0, trials) else resamples.bounds(samples)))


def f1_interval(
    right: int, wrong: int, missed: int, samples: Floats, resamples: Resamples, note: str | None
) -> Interval:
    """F1 = 2 J / (1 + J), with J = right / (right + wrong + missed): at 0 and 1 the bounds are those of J."""
    jaccard = share_interval(right, right + wrong + missed, samples, resamples, note)
    if jaccard.value is None or jaccard.low is None or jaccard.high is None:
        return Interval(None if jaccard.value is None else _f1(jaccard.value), note=jaccard.note)
    if jaccard.value in (0, 1):
        return Interval(_f1(jaccard.value), _f1(jaccard.low), _f1(jaccard.high))
    return Interval(_f1(jaccard.value), jaccard.low, jaccard.high)


def difference(a: Interval, b: Interval, samples: Floats, resamples: Resamples) -> Interval:
    """a - b with its interval. `samples` are the paired differences of the resamples.

    Where one of the two is 0 or 1, its resamples don't vary, and the bounds come from both intervals (Newcombe's hybrid
    score interval, 1998), which takes the two for independent and is the wider one.
    """
    if a.value is None or b.value is None:
        return Interval(None, note=a.note or b.note)
    value = a.value - b.value
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return Interval(value, note=a.note or b.note)
    if not {a.value, b.value} & {0.0, 1.0}:
        return Interval(value, *resamples.bounds(samples))
    low = value - math.hypot(a.value - a.low, b.high - b.value)
    high = value + math.hypot(a.high - a.value, b.value - b.low)
    return Interval(value, max(-1.0, low), min(1.0, high))


def _f1(jaccard: float) -> float:
    return 2 * jaccard / (1 + jaccard)
