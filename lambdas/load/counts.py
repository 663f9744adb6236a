"""The counts of a step, of each worker and merged."""

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
    """The counts of one worker in one step. Seconds start at the common start; requests count when they are sent."""

    accepted: Sequence[int]
    throttled: Sequence[int]
    failed: Sequence[int]
    completed: Sequence[int]  # accepted requests, by the second of their reply
    failures: Mapping[str, int]
    latency: LatencyHistogram
    seconds: float  # length of the closed-loop load
    ready_s: float  # when it was ready to send; negative before the common start
    client_utilization: float  # share of the lanes' time spent waiting for replies or backing off as planned
    late: int = 0  # paced requests sent more than LATE_AFTER_S after their planned time
    workers: int = 1  # number of workers whose counts are merged here
    cpu_share: float = 0.0  # CPU seconds of its process per second of load; 1 is a whole vCPU
    bytes_per_s: float = 0.0  # sent and received; of the busiest worker if merged
    stalled: Sequence[int] = ()  # the seconds with a stall, in order (see `heartbeat`)


@dataclass(frozen=True)
class StepCounts:
    """The counts of a step's workers, merged."""

    plan: StepPlan
    workers: Sequence[WorkerCounts] = field(repr=False)
    refused_workers: int = 0  # lost workers that Lambda refused to run, as its concurrency was used up

    @property
    def lost_workers(self) -> int:
        """The number of workers that never reported."""
        return self.plan.workers - sum(counts.workers for counts in self.workers)

    @property
    def seconds(self) -> float:
        """Seconds of closed-loop load that every worker ran. Returns 0 if all workers were lost."""
        return min((worker.seconds for worker in self.workers), default=0.0)

    @property
    def whole_seconds(self) -> int:
        """The number of seconds from the start that are complete in every worker's counts."""
        return math.floor(self.seconds)

    @property
    def first_full_second(self) -> int:
        """The first second that every worker was ready for in full; 0 unless one was late."""
        return max(0, math.ceil(max(worker.ready_s for worker in self.workers)))

    @cached_property
    def stalled(self) -> list[int]:
        """The seconds in which a worker stalled, so that the client decided their counts."""
        return sorted(set().union(*(worker.stalled for worker in self.workers)))

    @cached_property
    def usable_seconds(self) -> list[int]:
        """The whole seconds that no stall spoilt."""
        spoilt_seconds = heartbeat.spoilt_seconds(self.stalled, self.throttled)
        return [second for second in range(self.whole_seconds) if second not in spoilt_seconds]

    @property
    def spoilt_seconds(self) -> int:
        """The number of whole seconds that a stall spoilt."""
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
        """Whether a share of MIN_RECENT_THROTTLE_RATIO was throttled in the last LOOKBACK_S of the loop or later."""
        first = max(0, self.whole_seconds - round(LOOKBACK_S))
        throttled = sum(self.throttled[first:])
        return throttled > 0 and throttled >= MIN_RECENT_THROTTLE_RATIO * (throttled + sum(self.accepted[first:]))

    @cached_property
    def failed(self) -> list[int]:
        """Requests that failed by other errors than throttles, per second of sending."""
        return _sum_per_second([worker.failed for worker in self.workers])

    @cached_property
    def completed(self) -> list[int]:
        """Accepted requests per second of their reply."""
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
        """The number of requests that a limit of the account refused, not one of the model."""
        return sum(self.failures[name] for name in ACCOUNT_LIMITS)

    @property
    def unanswered_tps(self) -> float:
        """Requests per second that got no reply, so that it is unknown whether the model carried them."""
        return (self.failures[CONNECTION_LOST] + self.failures[TIMED_OUT]) / max(1.0, self.seconds)

    @cached_property
    def latency(self) -> LatencyHistogram:
        """Latencies of accepted requests. A paced step has only those of its paced part, from planned send times."""
        merged = LatencyHistogram()
        for worker in self.workers:
            merged.merge(worker.latency)
        return merged

    @property
    def client_utilization(self) -> float:
        """The utilization of the least busy worker. If it is low, the client is the bottleneck."""
        return min(worker.client_utilization for worker in self.workers)

    @property
    def cpu_share(self) -> float:
        """CPU seconds per second of load of the busiest worker."""
        return max((worker.cpu_share for worker in self.workers), default=0.0)

    @property
    def bytes_per_s(self) -> float:
        """Bytes sent and received per second by the busiest worker."""
        return max((worker.bytes_per_s for worker in self.workers), default=0.0)

    @property
    def late(self) -> int:
        """The number of paced requests sent late."""
        return sum(worker.late for worker in self.workers)


def _sum_per_second(series: Sequence[Sequence[int]]) -> list[int]:
    length = max((len(counts) for counts in series), default=0)
    return [sum(counts[second] for counts in series if second < len(counts)) for second in range(length)]
