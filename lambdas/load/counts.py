"""What a step's workers counted, one by one and merged."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from lambdas.load import heartbeat
from lambdas.load.histogram import LatencyHistogram
from lambdas.load.step import LOOKBACK_S, MIN_RECENT_THROTTLE_RATIO, StepPlan
from lambdas.models.outcomes import ACCOUNT_LIMITS, CONNECTION_LOST, TIMED_OUT


@dataclass(frozen=True)
class WorkerCounts:
    """What one worker saw in one step; seconds count from the common start, by time of sending."""

    accepted: Sequence[int]
    throttled: Sequence[int]
    failed: Sequence[int]
    completed: Sequence[int]  # accepted requests by the second their answer came
    failures: Mapping[str, int]
    latency: LatencyHistogram
    seconds: float  # of closed-loop load
    ready_s: float  # when it was ready to send; negative: that long before the common start
    client_utilization: float  # of its lanes' time, spent waiting for answers or backing off as planned
    late: int = 0  # paced requests sent more than LATE_S after their time
    workers: int = 1  # whose counts these are: of more than one when they were merged
    cpu_share: float = 0.0  # CPU seconds of its process per second of load: 1 is a whole vCPU
    bytes_per_s: float = 0.0  # sent and received, of the busiest worker if merged
    stalled: Sequence[int] = ()  # seconds in which it did not run for a while, in order: see `heartbeat`


@dataclass(frozen=True)
class StepCounts:
    """The counts of a step's workers, merged."""

    plan: StepPlan
    workers: Sequence[WorkerCounts] = field(repr=False)
    refused_workers: int = 0  # of those lost: Lambda refused to run them (its concurrency was used up)

    @property
    def lost_workers(self) -> int:
        """Workers that never reported."""
        return self.plan.workers - sum(counts.workers for counts in self.workers)

    @property
    def seconds(self) -> float:
        """Seconds of closed-loop load that every worker ran; none where all workers were lost."""
        return min((worker.seconds for worker in self.workers), default=0.0)

    @property
    def whole_seconds(self) -> int:
        """How many leading seconds are complete in every worker's counts."""
        return math.floor(self.seconds)

    @property
    def first_full_second(self) -> int:
        """The first second in which every worker was sending (0 unless one came late)."""
        return max(0, math.ceil(max(worker.ready_s for worker in self.workers)))

    @cached_property
    def stalled(self) -> list[int]:
        """The seconds in which a worker stalled: what was counted in them is the client's doing."""
        return sorted(set().union(*(worker.stalled for worker in self.workers)))

    @cached_property
    def usable_seconds(self) -> list[int]:
        """The whole seconds without those that a stall spoilt."""
        spoilt = heartbeat.spoilt_seconds(self.stalled, self.throttled)
        return [second for second in range(self.whole_seconds) if second not in spoilt]

    @property
    def spoilt_seconds(self) -> int:
        """How many of the whole seconds are not usable."""
        return self.whole_seconds - len(self.usable_seconds)

    @cached_property
    def accepted(self) -> list[int]:
        """Accepted requests per second of sending."""
        return _sum_per_second([worker.accepted for worker in self.workers])

    @cached_property
    def throttled(self) -> list[int]:
        """Throttled requests per second of sending."""
        return _sum_per_second([worker.throttled for worker in self.workers])

    @property
    def recently_throttled(self) -> bool:
        """Was a good part throttled in the last seconds of the closed loop, or after some workers ended it?"""
        first = max(0, self.whole_seconds - round(LOOKBACK_S))
        throttled = sum(self.throttled[first:])
        return throttled > 0 and throttled >= MIN_RECENT_THROTTLE_RATIO * (throttled + sum(self.accepted[first:]))

    @cached_property
    def failed(self) -> list[int]:
        """Otherwise failed requests per second of sending."""
        return _sum_per_second([worker.failed for worker in self.workers])

    @cached_property
    def completed(self) -> list[int]:
        """Accepted requests per second of their answer."""
        return _sum_per_second([worker.completed for worker in self.workers])

    @cached_property
    def failures(self) -> Counter[str]:
        """Failed requests by error name."""
        return sum((Counter(worker.failures) for worker in self.workers), Counter[str]())

    @property
    def sent(self) -> int:
        """All requests of the step: accepted + throttled + failed."""
        return sum(self.accepted) + sum(self.throttled) + sum(self.failed)

    @property
    def account_limited(self) -> int:
        """Requests that a limit of the account, not of the model, refused."""
        return sum(self.failures[name] for name in ACCOUNT_LIMITS)

    @property
    def unanswered_tps(self) -> float:
        """Rate of the requests that got no answer: whether the model carried them is not known."""
        return (self.failures[CONNECTION_LOST] + self.failures[TIMED_OUT]) / max(1.0, self.seconds)

    @cached_property
    def latency(self) -> LatencyHistogram:
        """Latencies of accepted requests; in a paced step those of its paced part, from planned send times."""
        merged = LatencyHistogram()
        for worker in self.workers:
            merged.merge(worker.latency)
        return merged

    @property
    def client_utilization(self) -> float:
        """The least busy worker's share of lane time spent on requests; low: the client is the bottleneck."""
        return min(worker.client_utilization for worker in self.workers)

    @property
    def cpu_share(self) -> float:
        """The busiest worker's."""
        return max((worker.cpu_share for worker in self.workers), default=0.0)

    @property
    def bytes_per_s(self) -> float:
        """The busiest worker's."""
        return max((worker.bytes_per_s for worker in self.workers), default=0.0)

    @property
    def late(self) -> int:
        """Paced requests sent late."""
        return sum(worker.late for worker in self.workers)


def _sum_per_second(series: Sequence[Sequence[int]]) -> list[int]:
    length = max((len(one) for one in series), default=0)
    return [sum(one[second] for one in series if second < len(one)) for second in range(length)]
