"""How one worker behaves in one step: when a lane sends, backs off and stops, and what is counted.

Whoever drives it (threads on the wire, or the benchmark in virtual time) hands in times in seconds
since the step's common start and keeps calls to one `WorkerStep` from overlapping.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterator

from lambdas.load.counts import WorkerCounts
from lambdas.load.heartbeat import Beat, Heartbeat
from lambdas.load.histogram import LatencyHistogram
from lambdas.load.step import LATE_S, LOOKBACK_S, PACED_WARM_UP_S, StepPlan
from lambdas.models.outcomes import ACCEPTED, THROTTLED

ATTEMPTS_FLOOR_TPS = 60.0  # throttled lanes together keep at least about this many attempts a second going
UNKNOWN_LATENCY_S = 0.5  # what a lane takes an accepted request to last before it has had one
MIN_SPARE_RATIO = 0.4  # of a throttled worker's lane time not spent on accepted requests: below, demand is short
MIN_ACCEPTED_AFTER_THROTTLE = (
    60  # a worker that is alone ends its step with this many accepted since the first throttle
)


class Lane:
    """One closed loop: send, wait for the answer, back off after a refusal."""

    def __init__(self, total_lanes: int) -> None:
        self._longest_pause_s = total_lanes / ATTEMPTS_FLOOR_TPS
        self._accepted = 0
        self._latency_s = 0.0

    def backoff_s(self, outcome: str, latency_s: float, jitter: float) -> float:
        """Seconds to wait before the next request; `jitter` is uniform in [0, 1).

        After a refusal a lane waits about as long as an accepted request would have kept it busy:
        refusals come back fast, and lanes that hammered would measure the refusals.
        """
        if outcome == ACCEPTED:
            self._accepted += 1
            self._latency_s += latency_s
            return 0.0
        usual_s = self._latency_s / self._accepted if self._accepted else UNKNOWN_LATENCY_S
        return (0.5 + jitter) * min(usual_s, self._longest_pause_s)


class ImageCycle:
    """A fixed order of images in which each is accepted equally often: a refused one comes next again."""

    def __init__(self, images: int, offset: int) -> None:
        self._order = [(offset + index) % images for index in range(images)]
        self._next: deque[int] = deque()

    def take(self) -> int:
        """The image to send next."""
        if not self._next:
            self._next.extend(self._order)
        return self._next.popleft()

    def requeue(self, image: int) -> None:
        """Send the image again next: it was not accepted."""
        self._next.appendleft(image)


class WorkerStep:
    """One worker's part of one step: whether to send on, and the counts."""

    def __init__(self, plan: StepPlan, worker: int, *, ready_s: float = 0.0) -> None:
        self.plan = plan
        self.worker = worker
        self.ready_s = ready_s
        self._closed_until_s = plan.base_s
        self._closed_ended = False
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
        """May a closed-loop lane send at `now_s`? Extends the step when the worker was throttled."""
        while now_s >= self._closed_until_s and not self._closed_ended:
            longer_s = self._extended()
            # Once over, always over: an answer that comes late must not bring some of the lanes back.
            self._closed_ended = longer_s <= self._closed_until_s
            self._closed_until_s = longer_s
        return not self._closed_ended

    def _extended(self) -> float:
        plan, until_s = self.plan, self._closed_until_s
        if until_s < plan.extended_s:
            if self._last_throttle_s <= until_s - LOOKBACK_S or self._spare() < MIN_SPARE_RATIO:
                return until_s
            return min(until_s + LOOKBACK_S, plan.extended_s)
        alone_and_short = plan.workers == 1 and self._accepted_after_throttle < MIN_ACCEPTED_AFTER_THROTTLE
        throttled = math.isfinite(self._first_throttle_s)
        return min(until_s + 1.0, plan.max_s) if throttled and alone_and_short else until_s

    def _spare(self) -> float:
        """Share of the lanes' time so far that accepted requests left over."""
        lane_s = self.plan.lanes_of(self.worker) * (self._closed_until_s - max(0.0, self.ready_s))
        return 1 - self._accepted_s / lane_s if lane_s > 0 else 0.0

    def stop(self, now_s: float) -> None:
        """End the step early: the model refuses in a way that more requests won't change."""
        self._closed_until_s = min(self._closed_until_s, now_s)
        self._closed_ended = self._stopped = True

    @property
    def is_stopped(self) -> bool:
        """Was it ended early?"""
        return self._stopped

    def paced_times(self) -> Iterator[float]:
        """When this worker sends its share of the paced requests: every `workers`-th of the whole plan."""
        if not self.plan.paced_tps:
            return
        requests = round(self.plan.paced_tps * self.plan.paced_s)
        for index in range(self.worker, requests, self.plan.workers):
            if self._stopped:
                return
            yield self.plan.max_s + (index + 0.5) / self.plan.paced_tps

    def record(self, outcome: str, sent_s: float, done_s: float, planned_s: float | None = None) -> None:
        """Count a request by the second it was sent in; a paced one's latency from when it was due."""
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
            self._late += sent_s - planned_s > LATE_S
            if outcome == ACCEPTED:
                self._latency.add(done_s - planned_s)

    def add_busy_time(self, seconds: float) -> None:
        """Account for a closed-loop lane's time in a request, or in a planned pause."""
        self._busy_s += seconds

    def beat(self, now: Beat) -> None:
        """To be called every `heartbeat.BEAT_S`, from before the common start on."""
        self._heartbeat.beat(now, self.plan.longest_s if self.plan.paced_tps else self._closed_until_s)

    def counts(self) -> WorkerCounts:
        """What was counted."""
        ran_s = max(0.0, self._closed_until_s - max(0.0, self.ready_s))
        lane_s = self.plan.lanes_of(self.worker) * ran_s
        return WorkerCounts(
            accepted=self._series(ACCEPTED),
            throttled=self._series(THROTTLED),
            failed=self._series("failed"),
            completed=self._series("completed"),
            failures=dict(self._failures),
            latency=self._latency,
            seconds=self._closed_until_s,
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
