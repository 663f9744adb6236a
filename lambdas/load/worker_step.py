"""The behavior of one worker in one step: when a lane sends, backs off and stops, and what it counts.

The caller (threads with connections, or the benchmark in virtual time) passes times in seconds since the step's
common start, and makes sure that calls of one `WorkerStep` do not overlap.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterator

from lambdas.load.counts import WorkerCounts
from lambdas.load.heartbeat import Beat, Heartbeat
from lambdas.load.histogram import LatencyHistogram
from lambdas.load.step import LATE_AFTER_S, LOOKBACK_S, PACED_WARM_UP_S, StepPlan
from lambdas.models.outcomes import ACCEPTED, THROTTLED

ATTEMPTS_FLOOR_TPS = 60.0  # minimum attempts per second, about, of all lanes together while they are throttled
UNKNOWN_LATENCY_S = 0.5  # latency that a lane assumes before its first accepted request
MIN_SPARE_RATIO = 0.4  # lane time without accepted requests: with less, the lanes are too few to saturate the model
MIN_ACCEPTED_AFTER_THROTTLE = 60  # requests accepted after the first throttle that end a lone worker's extension


class Lane:
    """One closed loop: send a request, wait for the reply, back off after a refusal."""

    def __init__(self, total_lanes: int) -> None:
        self._longest_pause_s = total_lanes / ATTEMPTS_FLOOR_TPS
        self._accepted = 0
        self._latency_s = 0.0

    def backoff_s(self, outcome: str, latency_s: float, jitter: float) -> float:
        """Seconds to wait before the next request; `jitter` is uniform in [0, 1).

        After a refusal a lane waits about as long as an accepted request takes. Refusals come back fast, so lanes
        without a pause would load the model with refusals and measure those.
        """
        if outcome == ACCEPTED:
            self._accepted += 1
            self._latency_s += latency_s
            return 0.0
        mean_latency_s = self._latency_s / self._accepted if self._accepted else UNKNOWN_LATENCY_S
        return (0.5 + jitter) * min(mean_latency_s, self._longest_pause_s)


class ImageCycle:
    """A fixed cycle of images. A refused image comes next again, so that all are accepted equally often."""

    def __init__(self, images: int, offset: int) -> None:
        self._order = [(offset + index) % images for index in range(images)]
        self._queue: deque[int] = deque()

    def take(self) -> int:
        """Take the index of the image to send next."""
        if not self._queue:
            self._queue.extend(self._order)
        return self._queue.popleft()

    def requeue(self, image: int) -> None:
        """Put back an image that was not accepted, to be sent next."""
        self._queue.appendleft(image)


class WorkerStep:
    """One worker's part of one step: whether it goes on, and its counts."""

    def __init__(self, plan: StepPlan, worker: int, *, ready_s: float = 0.0) -> None:
        self.plan = plan
        self.worker = worker
        self.ready_s = ready_s
        self._loop_end_s = plan.base_s
        self._loop_has_ended = False
        self._stopped = False
        self._by_second: Counter[tuple[str, int]] = Counter()
        self._failures: Counter[str] = Counter()
        self._latency = LatencyHistogram()
        self._first_throttle_s = math.inf
        self._last_throttle_s = -math.inf
        self._accepted_after_throttle = 0
        self._busy_s = 0.0
        self._accepted_s = 0.0
        self._late = 0
        self._heartbeat = Heartbeat()

    def is_active(self, now_s: float) -> bool:
        """Whether a closed-loop lane may send at `now_s`. Extends the step if the worker was throttled."""
        while now_s >= self._loop_end_s and not self._loop_has_ended:
            end_s = self._extended_end_s()
            # The end is final: a late reply must not make some of the lanes send again.
            self._loop_has_ended = end_s <= self._loop_end_s
            self._loop_end_s = end_s
        return not self._loop_has_ended

    def _extended_end_s(self) -> float:
        plan, end_s = self.plan, self._loop_end_s
        if end_s < plan.extended_s:
            if self._last_throttle_s <= end_s - LOOKBACK_S or self._spare_ratio() < MIN_SPARE_RATIO:
                return end_s
            return min(end_s + LOOKBACK_S, plan.extended_s)
        may_extend_alone = plan.workers == 1 and self._accepted_after_throttle < MIN_ACCEPTED_AFTER_THROTTLE
        was_throttled = math.isfinite(self._first_throttle_s)
        return min(end_s + 1.0, plan.max_s) if was_throttled and may_extend_alone else end_s

    def _spare_ratio(self) -> float:
        """The share of the lanes' time so far that was not spent on accepted requests."""
        lane_s = self.plan.lanes_of(self.worker) * (self._loop_end_s - max(0.0, self.ready_s))
        return 1 - self._accepted_s / lane_s if lane_s > 0 else 0.0

    def stop(self, now_s: float) -> None:
        """End the step at `now_s`, because the run is over or further requests would fail alike."""
        self._loop_end_s = min(self._loop_end_s, now_s)
        self._loop_has_ended = self._stopped = True

    @property
    def is_stopped(self) -> bool:
        """Whether the step was ended early."""
        return self._stopped

    def paced_times(self) -> Iterator[float]:
        """The times of this worker's paced requests: it sends every `workers`-th request of the plan."""
        if not self.plan.paced_tps:
            return
        requests = round(self.plan.paced_tps * self.plan.paced_s)
        for index in range(self.worker, requests, self.plan.workers):
            if self._stopped:
                return
            yield self.plan.max_s + (index + 0.5) / self.plan.paced_tps

    def record(self, outcome: str, sent_s: float, done_s: float, planned_s: float | None = None) -> None:
        """Count a request in the second of its sending. The latency of a paced one starts at its planned time."""
        second = max(0, math.floor(sent_s))
        if outcome == ACCEPTED:
            self._by_second[ACCEPTED, second] += 1
            self._by_second["completed", max(0, math.floor(done_s))] += 1
            self._accepted_s += done_s - sent_s
            self._accepted_after_throttle += sent_s > self._first_throttle_s
        elif outcome == THROTTLED:
            self._by_second[THROTTLED, second] += 1
            self._first_throttle_s = min(self._first_throttle_s, sent_s)
            self._last_throttle_s = max(self._last_throttle_s, sent_s)
        else:
            self._by_second["failed", second] += 1
            self._failures[outcome] += 1
        if not self.plan.paced_tps:
            if outcome == ACCEPTED:
                self._latency.add(done_s - sent_s)
        elif planned_s is not None and planned_s >= self.plan.max_s + PACED_WARM_UP_S:
            self._late += sent_s - planned_s > LATE_AFTER_S
            if outcome == ACCEPTED:
                self._latency.add(done_s - planned_s)

    def add_busy_time(self, seconds: float) -> None:
        """Add seconds that a closed-loop lane spent on a request or in a planned pause."""
        self._busy_s += seconds

    def beat(self, now: Beat) -> None:
        """Record a beat. Call it every `heartbeat.BEAT_INTERVAL_S`, beginning before the common start."""
        self._heartbeat.beat(now, self.plan.longest_s if self.plan.paced_tps else self._loop_end_s)

    def counts(self) -> WorkerCounts:
        """The counts of the step so far."""
        ran_s = max(0.0, self._loop_end_s - max(0.0, self.ready_s))
        lane_s = self.plan.lanes_of(self.worker) * ran_s
        return WorkerCounts(
            accepted=self._series(ACCEPTED),
            throttled=self._series(THROTTLED),
            failed=self._series("failed"),
            completed=self._series("completed"),
            failures=dict(self._failures),
            latency=self._latency,
            seconds=self._loop_end_s,
            ready_s=self.ready_s,
            client_utilization=min(1.0, self._busy_s / lane_s) if lane_s else 1.0,
            late=self._late,
            cpu_share=self._heartbeat.cpu_share,
            bytes_per_s=self._heartbeat.bytes_per_s,
            stalled=self._heartbeat.stalled,
        )

    def _series(self, name: str) -> list[int]:
        last = max((second for key, second in self._by_second if key == name), default=-1)
        return [self._by_second[name, second] for second in range(last + 1)]
