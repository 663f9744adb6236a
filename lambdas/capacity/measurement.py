"""The measurement: the result of a search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lambdas.capacity.rates.interval import Interval
from lambdas.load.histogram import LatencyHistogram

Ending = Literal["saturated", "latency-bound", "not-saturated", "account-throttled", "client-limited", "unstable"]


@dataclass(frozen=True)
class CleanRate:
    """An evenly paced rate (requests/s) that passed, with its numbers of sent and throttled requests and latencies."""

    tps: float
    sent: int
    throttled: int
    latency: LatencyHistogram

    @property
    def throttle_ratio_below(self) -> float:
        """Upper bound of the throttle ratio, with 95 % confidence, if none of these requests was throttled."""
        return float(1 - 0.05 ** (1 / self.sent)) if self.sent else 1.0


@dataclass(frozen=True)
class WorkerRefusal:
    """Lambda ran only `given_workers` of a step's `planned_workers`, and refused the others again in its repetition."""

    planned_workers: int
    given_workers: int


@dataclass(frozen=True)
class Measurement:
    """The result of all steps. `max_tps` is None if the model's quota window is longer than the test.

    `unsettled_reason` is a clause that says why no single rate holds, or empty. `saturated_counts` holds the accepted
    requests of each second behind the rate, from `looks` looks.
    """

    ending: Ending
    concurrency: int
    max_tps: Interval | None
    clean_rate: CleanRate | None = None
    is_confirmed: bool = False
    is_windowed: bool = False
    late_share: float = 0.0
    unsettled_reason: str = ""
    saturated_counts: tuple[int, ...] = ()
    looks: int = 1
    worker_refusal: WorkerRefusal | None = None  # the search went on with the workers that Lambda gave
