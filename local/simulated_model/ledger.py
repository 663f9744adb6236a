"""Counts of one model's DetectCustomLabels requests, as they arrived at the server."""

from collections import Counter
from typing import Any, Literal

Outcome = Literal["accepted", "throttled", "failed"]


class Ledger:
    """Counts in total and per epoch second of arrival: sent = accepted + throttled + failed + in flight."""

    def __init__(self) -> None:
        self.sent = 0
        self.totals: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.seconds: dict[int, Counter[str]] = {}
        self.repeated_attempts = 0
        self.first_at_s: float | None = None
        self.last_at_s: float | None = None
        self._image_costs: dict[bytes, float] = {}
        # Key in S3, or the SHA-256 of an image that came as bytes -> its outcomes, failures by name.
        self.images: dict[str, Counter[str]] = {}

    def arrive(self, now_s: float, attempt: int) -> None:
        """Count an arriving request; `attempt` is its number by the SDK's header (1: not a retry)."""
        self.sent += 1
        self.repeated_attempts += attempt > 1
        self.first_at_s = self.first_at_s or now_s
        self.last_at_s = now_s

    def record(self, arrived_at_s: float, image: str, outcome: Outcome, failure: str | None = None) -> None:
        """Count the outcome of the request about this image that arrived at `arrived_at_s`; a failure has a name."""
        counts = self.images.get(image)
        if counts is None:
            counts = self.images[image] = Counter()
        counts[failure or outcome] += 1
        self.totals[outcome] += 1
        if failure is not None:
            self.failures[failure] += 1
        second = int(arrived_at_s)
        counts = self.seconds.get(second)
        if counts is None:
            counts = self.seconds[second] = Counter()
        counts[outcome] += 1

    def note_image(self, content_sha256: bytes, cost: float) -> None:
        """Record an accepted image and its cost."""
        self._image_costs[content_sha256] = cost

    @property
    def mean_image_cost(self) -> float:
        """The mean cost of the different images accepted so far; 1 before the first."""
        costs = self._image_costs
        return sum(costs.values()) / len(costs) if costs else 1.0

    def report(self) -> dict[str, Any]:
        """The counts as JSON values."""
        done = {name: self.totals[name] for name in ("accepted", "throttled", "failed")}
        return {
            "totals": {
                "sent": self.sent,
                **done,
                "failures": dict(self.failures),
                "inFlight": self.sent - sum(done.values()),
            },
            "perSecond": {
                str(second): {name: counts[name] for name in ("accepted", "throttled", "failed")}
                for second, counts in sorted(self.seconds.items())
            },
            "repeatedAttempts": self.repeated_attempts,
            "firstDetectAt": self.first_at_s,
            "lastDetectAt": self.last_at_s,
            "differentImages": len(self._image_costs),
            "meanImageCost": self.mean_image_cost,
        }
