"""The measurements of a run in the output. Rates in requests/s (TPS), latencies in milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iu_tuner.contract.choices import Source


@dataclass(frozen=True)
class Rate:
    """A known rate with its 95 % interval; if `high` is None, the estimate is a lower bound."""

    estimate: float
    low: float
    high: float | None


@dataclass(frozen=True)
class IntervalOutput:
    """A value with its interval. `high` is None if the estimate is a lower bound; all are None without an estimate."""

    estimate: float | None
    low: float | None
    high: float | None
    confidence: float | None = None

    @property
    def rate(self) -> Rate | None:
        """The values as a rate. Returns None if there is no estimate."""
        if self.estimate is None:
            return None
        return Rate(self.estimate, self.estimate if self.low is None else self.low, self.high)


@dataclass(frozen=True)
class CleanTpsOutput:
    """The highest paced rate with (almost) no throttles, and the throttle ratio that it stayed below."""

    rate: float | None
    throttle_ratio_below: float | None


@dataclass(frozen=True)
class LatencyOutput:
    """Percentiles of the latency at the clean rate; one is None if there are too few `samples` for it.

    `p95_at_most` and `p99_at_most` are one-sided upper bounds with 95 % confidence: the upper edge, at most 2 % above,
    of the bin that holds the order statistic. With too few samples they are None, and `p95_needs` and `p99_needs` say
    how many more samples they need.
    """

    p50: float | None
    p95: float | None
    p99: float | None
    p95_at_most: float | None
    p99_at_most: float | None
    p95_needs: int | None
    p99_needs: int | None
    samples: int


@dataclass(frozen=True)
class StepOutput:
    """One step of load. `series` is the measurement that it belongs to, if that is not the main search.

    Latencies are those of accepted requests, within 1 %. A paced step was to send `intended_tps` and sent
    `offered_tps`; `late_sends` of these requests left more than 50 ms late. `drift_percent` is the change of the
    accepted rate from the first half of the seconds to the second, None with fewer than two whole seconds.
    """

    phase: str
    concurrency: int
    workers: int
    seconds: float | None
    accepted: int
    throttled: int
    failed: int
    accepted_tps: float | None
    failed_tps: float | None
    min_ms: float | None
    mean_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    max_ms: float | None
    late_sends: int | None
    intended_tps: float | None
    offered_tps: float | None
    drift_percent: float | None
    stalled_seconds: int
    worker_cpu_share: float | None
    worker_bytes_per_s: float | None
    series: str | None = None


@dataclass(frozen=True)
class RequestsOutput:
    """The requests of all steps; `failures` are counts by the error's name."""

    sent: int
    accepted: int
    throttled: int
    failed: int
    failures: Mapping[str, int]


@dataclass(frozen=True)
class OtherTraffic:
    """Requests of other clients in the `minutes` before the run: to this model, or to the whole account and Region."""

    requests: int
    minutes: int
    of_this_model: bool


@dataclass(frozen=True)
class ScalingOutput:
    """A second measurement with more inference units. If there is none, only `detail` has a value and says why."""

    inference_units: int | None
    verdict: str | None
    max_tps: IntervalOutput | None
    tps_per_inference_unit: float | None
    efficiency: IntervalOutput | None
    """TPS per inference unit divided by that of the first measurement"""
    detail: str


@dataclass(frozen=True, kw_only=True)
class VariantOutput:
    """The rate with one way of sending (`source`) or with images of one `size`."""

    source: Source | None = None
    size: str | None = None
    images: int
    least_bytes: int | None = None
    most_bytes: int | None = None
    average_bytes: int
    max_tps: IntervalOutput
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True)
class NotMeasured:
    """A variant that was not measured, and the reason."""

    what: str
    why: str


@dataclass(frozen=True)
class ImageComparisonOutput:
    """The comparison of images by way of sending and by size. `faster_source` is None if no difference is proven."""

    concurrency: int
    sources: tuple[VariantOutput, ...]
    sizes: tuple[VariantOutput, ...]
    faster_source: Source | None
    detail: str
    not_measured: tuple[NotMeasured, ...]
