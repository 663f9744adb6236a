"""What AWS would bill for what was counted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench import prices

WHOLE_CPU_MB = 1769  # a Lambda with less memory has less of a CPU
LOG_EVENT_BYTES = 26  # that CloudWatch adds to each


@dataclass(frozen=True)
class Use:
    """What one Lambda took in all its invocations; `seconds` with a whole CPU to itself."""

    invocations: int = 0
    seconds: float = 0.0
    memory_mb: int = 512
    write_units: float = 0.0
    read_units: float = 0.0
    s3_writes: float = 0.0
    s3_reads: float = 0.0
    log_events: float = 0.0
    log_bytes: float = 0.0

    def times(self, factor: float, *, seconds: float | None = None) -> Use:
        """As much of everything; `seconds` if they are known better."""
        values = {name: getattr(self, name) * factor for name in self.__dataclass_fields__ if name != "memory_mb"}
        values |= {"invocations": round(values["invocations"])} | ({} if seconds is None else {"seconds": seconds})
        return Use(**values, memory_mb=self.memory_mb)

    @property
    def gb_seconds(self) -> float:
        """At most: as if the part of a CPU that a small Lambda has made all of its time so much longer."""
        slower = max(1.0, WHOLE_CPU_MB / self.memory_mb)
        return self.seconds * slower * self.memory_mb / 1024


@dataclass(frozen=True)
class Run:
    """What one run took: of each Lambda, of the state machine, and of those it tells."""

    functions: Mapping[str, Use]
    transitions: int
    metrics: int

    @property
    def workers(self) -> Use:
        """All of them."""
        return self.functions["ApplyLoad"]


@dataclass(frozen=True)
class Line:
    """A line of the bill."""

    service: str
    counted: str
    usd: float


def lines(run: Run) -> Sequence[Line]:
    """The bill of a run."""
    uses, workers = run.functions.values(), run.workers
    others = [use for name, use in run.functions.items() if name != "ApplyLoad"]
    invocations, events = sum(use.invocations for use in uses), sum(use.log_events for use in uses)
    reads, writes = sum(use.read_units for use in uses), sum(use.write_units for use in uses)
    s3_reads, s3_writes = sum(use.s3_reads for use in uses), sum(use.s3_writes for use in uses)
    log_gb = (sum(use.log_bytes for use in uses) + LOG_EVENT_BYTES * events) / 1e9
    gb_s = sum(use.gb_seconds for use in others)
    tick = prices.EXPRESS_TICK_S
    express_s = math.ceil(workers.seconds / max(1, workers.invocations) / tick) * tick * workers.invocations
    return (
        Line(
            "Lambda, the workers",
            f"{workers.invocations:,} invocations, {workers.gb_seconds:,.1f} GB-s of {workers.memory_mb:,} MB",
            workers.invocations * prices.LAMBDA_REQUEST + workers.gb_seconds * prices.LAMBDA_GB_SECOND,
        ),
        Line(
            "Lambda, all others",
            f"{sum(use.invocations for use in others):,} invocations, at most {gb_s:,.1f} GB-s",
            sum(use.invocations for use in others) * prices.LAMBDA_REQUEST + gb_s * prices.LAMBDA_GB_SECOND,
        ),
        Line(
            "Step Functions, the machine",
            f"{run.transitions:,} transitions",
            run.transitions * prices.STANDARD_TRANSITION,
        ),
        Line(
            "Step Functions, the workers' Express children",
            f"{workers.invocations:,} requests, {express_s * prices.EXPRESS_CHUNK_GB:,.1f} GB-s of 64 MB",
            workers.invocations * prices.EXPRESS_REQUEST
            + express_s * prices.EXPRESS_CHUNK_GB * prices.EXPRESS_GB_SECOND,
        ),
        Line(
            "DynamoDB",
            f"{writes:,.0f} write and {reads:,.0f} read units",
            writes * prices.WRITE_UNIT + reads * prices.READ_UNIT,
        ),
        Line(
            "S3",
            f"{s3_writes:,.0f} writes and lists, {s3_reads:,.0f} reads",
            s3_writes * prices.S3_WRITE + s3_reads * prices.S3_READ,
        ),
        Line("CloudWatch Logs", f"{1000 * log_gb:,.2f} MB", log_gb * prices.LOG_GB),
        Line("CloudWatch metrics", f"{run.metrics} for an hour", run.metrics * prices.METRIC_HOUR),
        Line(
            "X-Ray, KMS",
            f"at most a trace and a key request for each of {invocations:,} invocations",
            invocations * (prices.TRACE + prices.KEY_REQUEST),
        ),
        Line("EventBridge, SNS", "an event, a message, an email", prices.EVENT + prices.MESSAGE + prices.EMAIL),
    )
