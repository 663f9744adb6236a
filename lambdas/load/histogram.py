"""A latency histogram with log-spaced buckets: small, mergeable, and with percentiles that are within 1 %."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

BUCKET_GROWTH = 1.02  # width of a bucket relative to its lower edge


@dataclass
class LatencyHistogram:
    """Counts by bucket; bucket i holds latencies from BUCKET_GROWTH**i to BUCKET_GROWTH**(i+1) milliseconds."""

    buckets: Counter[int] = field(default_factory=Counter)

    @classmethod
    def from_mapping(cls, buckets: Mapping[str, int]) -> LatencyHistogram:
        """The inverse of `as_mapping`."""
        return cls(Counter({int(index): int(count) for index, count in buckets.items()}))

    def as_mapping(self) -> dict[str, int]:
        """Counts by bucket index. The index is text, as the keys of JSON and DynamoDB maps are."""
        return {str(index): count for index, count in sorted(self.buckets.items())}

    def add(self, latency_s: float) -> None:
        """Count one latency in seconds."""
        self.buckets[math.floor(math.log(max(latency_s * 1000, 1e-3), BUCKET_GROWTH))] += 1

    def merge(self, other: LatencyHistogram) -> None:
        """Add another histogram's counts."""
        self.buckets.update(other.buckets)

    @property
    def count(self) -> int:
        """The number of latencies."""
        return self.buckets.total()

    def quantile_ms(self, q: float) -> float | None:
        """The latency in ms that a share `q` of the requests did not exceed. Returns None if the histogram is empty."""
        bucket = self._bucket_of(max(1, math.ceil(q * self.count)))
        return None if bucket is None else float(BUCKET_GROWTH ** (bucket + 0.5))

    def quantile_s(self, q: float) -> float:
        """`quantile_ms` in seconds; 0 if the histogram is empty."""
        return (self.quantile_ms(q) or 0.0) / 1000

    @property
    def mean_ms(self) -> float | None:
        """The mean in ms, each latency taken as the middle of its bucket. Returns None if the histogram is empty."""
        total = math.fsum(number * BUCKET_GROWTH ** (index + 0.5) for index, number in self.buckets.items())
        return total / self.count if self.count else None

    def quantile_at_most_ms(self, q: float) -> float | None:
        """The upper bound in ms of the quantile `q`, one-sided, with BOUND_CONFIDENCE. Needs `latencies_for(q)`.

        It is an order statistic, for whatever distribution: the k-th smallest of n latencies is below the quantile
        with the probability that k or more of n fall below it (binomial; David and Nagaraja, Order Statistics, 7.1).
        The bound is the upper edge of that latency's bucket. Returns None if there are too few latencies.
        """
        rank = _rank_above(q, self.count)
        bucket = None if rank is None else self._bucket_of(rank)
        return None if bucket is None else float(BUCKET_GROWTH ** (bucket + 1))

    def _bucket_of(self, rank: int) -> int | None:
        """The bucket of the latency with this rank; the shortest latency has rank 1."""
        latencies = 0
        for index, count in sorted(self.buckets.items()):
            latencies += count
            if latencies >= rank:
                return index
        return None


BOUND_CONFIDENCE = 0.95  # of the one-sided upper bound of a quantile


def latencies_for(q: float) -> int:
    """The number of latencies that an upper bound of the quantile `q` takes: with fewer, all may be below it."""
    return math.ceil(math.log(1 - BOUND_CONFIDENCE) / math.log(q))


def _rank_above(q: float, count: int) -> int | None:
    """The smallest rank whose latency is at least the quantile `q` with BOUND_CONFIDENCE. None if there is none."""
    if count < latencies_for(q):
        return None
    rank, probability = count + 1, 0.0  # the probability that `rank` or more of `count` latencies are below q
    while (larger_probability := probability + _binomial(rank - 1, count, q)) <= 1 - BOUND_CONFIDENCE:
        rank, probability = rank - 1, larger_probability
    return rank


def _binomial(k: int, n: int, p: float) -> float:
    """The probability of `k` successes in `n` trials."""
    log_combinations = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(log_combinations + k * math.log(p) + (n - k) * math.log1p(-p))


LATENCIES_FOR_P95, LATENCIES_FOR_P99 = latencies_for(0.95), latencies_for(0.99)  # 59 and 299
