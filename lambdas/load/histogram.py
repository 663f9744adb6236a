"""A latency histogram with log-spaced buckets: small, mergeable, and with percentiles that are within 1 %."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

GROWTH = 1.02  # width of a bucket relative to its lower edge


@dataclass
class LatencyHistogram:
    """Counts by bucket; bucket i holds latencies from GROWTH**i to GROWTH**(i+1) milliseconds."""

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
        self.buckets[math.floor(math.log(max(latency_s * 1000, 1e-3), GROWTH))] += 1

    def merge(self, other: LatencyHistogram) -> None:
        """Add another histogram's counts."""
        self.buckets.update(other.buckets)

    @property
    def count(self) -> int:
        """The number of latencies."""
        return self.buckets.total()

    def quantile_ms(self, q: float) -> float | None:
        """The latency in ms that a share `q` of the requests did not exceed. Returns None if the histogram is empty."""
        rank = max(1, math.ceil(q * self.count))
        seen = 0
        for index, count in sorted(self.buckets.items()):
            seen += count
            if seen >= rank:
                return float(GROWTH ** (index + 0.5))
        return None


LATENCIES_FOR_P95, LATENCIES_FOR_P99 = 60, 300  # minimum number of latencies behind the percentile
