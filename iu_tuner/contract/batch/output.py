"""The output of a batch, and the manifest of its files. Their JSON is the public interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from iu_tuner.contract.output.json_values import PRESENT_WITH
from iu_tuner.contract.output.result import LeaseHolder, ModelOutput

BatchVerdict = Literal["complete", "partial", "deadline-missed", "nothing-to-do", "skipped"]
MAX_FAILURES_SHOWN = 20  # in the output, which may have 256 KiB; `failed.jsonl` has all of them


@dataclass(frozen=True)
class BatchImages:
    """The number of images by what became of them: listed = current + done + failed + left.

    `not_images` objects were found and left out: `left_out` has their number by reason. `duplicates` are listed
    images whose content another listed image has, too. `current` images have a result that is up to date.
    """

    listed: int = 0
    not_images: int = 0
    current: int = 0
    done: int = 0
    failed: int = 0
    left: int = 0
    duplicates: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class FailedImage:
    """An image without a result: the service's name for the error, its message, and the number of attempts.

    A `permanent` error comes back with each attempt; the others are tried again by a run with `resume`.
    """

    key: str
    error: str
    message: str
    attempts: int
    permanent: bool = True
    e_tag: str | None = None
    version_id: str | None = None
    size: int | None = None


@dataclass(frozen=True)
class Throughput:
    """Images per second while the model processed, and as a share of the measured TPS; None if nothing was sent.

    `of_measured` is None for a model without an earlier measurement.
    """

    tps: float | None
    of_measured: float | None
    requests: int
    throttled_share: float | None
    paced_seconds: float | None = None


@dataclass(frozen=True)
class DeadlineOutput:
    """The deadline and the time at which the last result was written (ISO 8601, UTC)."""

    at: str
    finished_at: str
    met: bool
    spare_minutes: float


@dataclass(frozen=True)
class Alternative:
    """The hours from start to stop, and the USD, that the same batch takes with another number of inference units."""

    inference_units: int
    hours: float
    usd: float


@dataclass(frozen=True)
class BatchLatency:
    """Percentiles of the latency in milliseconds; None without replies."""

    p50: float | None
    p95: float | None


@dataclass(frozen=True)
class BatchCost:
    """The model's cost in USD. `ideal_usd` is that of the images at the measured TPS alone; `own_usd` is the app's."""

    run_usd: float
    ideal_usd: float | None
    usd_per1000_images: float | None
    own_usd: float | None


@dataclass(frozen=True, kw_only=True)
class BatchOutput:
    """The output of a batch. A skipped one has no model, cost and files; it has `held_by`."""

    run_id: str
    task: Literal["process"] = field(default="process")
    model_arn: str
    verdict: BatchVerdict
    verdict_detail: str
    images: BatchImages
    failures: tuple[FailedImage, ...]
    throughput: Throughput
    deadline: DeadlineOutput | None
    inference_units: int | None
    alternatives: tuple[Alternative, ...]
    latency_ms: BatchLatency
    model: ModelOutput | None
    cost: BatchCost | None
    manifest_uri: str | None
    failed_uri: str | None
    summary_uri: str | None
    labels_uri: str | None = None
    report_uri: str | None = field(default=None, metadata={PRESENT_WITH: "manifest_uri"})
    warnings: tuple[str, ...] | None = None
    resumed: str | None = None
    held_by: LeaseHolder | None = None


@dataclass(frozen=True)
class ManifestPart:
    """A file of the report bucket with `lines` lines of JSON; `sha256` of its bytes in hex."""

    key: str
    lines: int
    sha256: str | None = None


@dataclass(frozen=True)
class BatchManifest:
    """`batches/<runId>/manifest.json`: the files of a batch and of the earlier runs that it resumes."""

    version: int
    run_id: str
    model_arn: str
    min_confidence: float | None
    images: BatchImages
    parts: tuple[ManifestPart, ...]
    failed: ManifestPart
    started_at: str
    finished_at: str
    resumed: str | None = None
