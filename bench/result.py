"""What one run of the benchmark comes to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One service of one seed, measured; rates in successes per second."""

    service: str
    seed: int
    true_tps: float
    verdict: str
    estimate: float | None
    low: float | None
    high: float | None
    clean_tps: float | None
    clean_throttles: float | None  # share of a long paced run at the clean rate
    load_s: float
    wall_s: float
    requests: int
    locust_tps: float = 0.0
    locust_load_s: float = 0.0
    locust_wall_s: float = 0.0
    locust_requests: int = 0

    @property
    def error(self) -> float | None:
        """Relative to the truth, signed."""
        return None if self.estimate is None else self.estimate / self.true_tps - 1

    @property
    def locust_error(self) -> float:
        """Relative to the truth, signed."""
        return self.locust_tps / self.true_tps - 1
