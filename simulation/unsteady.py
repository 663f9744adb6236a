"""Unsteady services: they warm up, change their speed, pause, or have a second limiter or another client.

Time 0 is the first request. `UnsteadyService` wraps a `SimulatedService`, which has the limiter.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from itertools import accumulate, pairwise
from random import Random

from local.simulated_model.limiters import Limiter
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.service import Answer, SimulatedService, make_limiter

LONG_S = 900.0  # longer than any search with the steps after it


@dataclass(frozen=True)
class Tempo:
    """The speed of a service over time: pairs (from second, share of full speed), in order from 0.

    `long_run` is the share that counts as the truth, or None for the share at the end of the test.
    """

    pieces: Sequence[tuple[float, float]] = ((0.0, 1.0),)
    long_run: float | None = 1.0

    def truth_at(self, ended_s: float) -> float:
        """The share of full speed that a test which ended at `ended_s` should find."""
        if self.long_run is not None:
            return self.long_run
        return self.pieces[max(0, bisect_right(self._since, ended_s) - 1)][1]

    def work_until(self, now_s: float) -> float:
        """The work done from 0 to `now_s`, in seconds at full speed."""
        index = max(0, bisect_right(self._since, now_s) - 1)
        return self._done[index] + self.pieces[index][1] * (now_s - self._since[index])

    def when_done(self, work_s: float) -> float:
        """The time at which `work_s` of work is done; the inverse of `work_until`."""
        index = max(0, bisect_left(self._done, work_s) - 1)
        share = self.pieces[index][1]
        return self._since[index] + (work_s - self._done[index]) / share if share else self._since[index]

    @cached_property
    def _since(self) -> list[float]:
        return [since for since, _ in self.pieces]

    @cached_property
    def _done(self) -> list[float]:
        """The work done before each piece."""
        spans = ((until - since) * share for (since, share), (until, _) in pairwise(self.pieces))
        return list(accumulate(spans, initial=0.0))


@dataclass(frozen=True)
class Around:
    """The effects around a limiter. Shares are 0 to 1, times in seconds.

    `behind` is a second limiter for the requests that the first one admits. `bursts` is another client: its
    requests per second in a burst, the length of a burst, and the pause after it. `late_errors` is the share of the
    admitted requests that fail, `crowding` the relative latency that each request in flight adds. Among the first
    `cold_answers` replies some, fewer and fewer, are slower by `cold_factor`.
    """

    tempo: Tempo = Tempo()
    behind: ModelTruth | None = None
    bursts: tuple[float, float, float] | None = None
    late_errors: float = 0.0
    crowding: float = 0.0
    cold_answers: int = 0
    cold_factor: float = 1.0

    def true_tps(self, truth: ModelTruth, mean_cost: float, ended_s: float) -> float:
        """The successes per second of a client, as of the end of a test."""
        tps = truth.true_tps(1, mean_cost)
        if self.behind:
            tps = min(tps, self.behind.true_tps(1, mean_cost))
        if self.bursts:
            rate, on_s, off_s = self.bursts
            tps -= rate * on_s / (on_s + off_s)
        return tps * self.tempo.truth_at(ended_s) * (1 - self.late_errors)


class UnsteadyService:
    """A `SimulatedService` with the effects around it; offers must be in time order."""

    def __init__(self, truth: ModelTruth, around: Around) -> None:
        self.inner = SimulatedService(truth)
        self.around = around
        self._is_pool = truth.is_pool
        self._behind: Limiter | None = make_limiter(around.behind, 1) if around.behind else None
        self._random = Random(f"{truth.seed}/around")
        self._in_flight: list[float] = []
        self._accepted = 0
        self._bursts_next_s = 0.0
        self._bursts_shift_s = 20 * self._random.random()

    def offer(self, now_s: float, image_cost: float = 1.0) -> Answer:
        """See `SimulatedService.offer`."""
        around, tempo = self.around, self.around.tempo
        if around.bursts:
            self._let_bursts_offer(now_s, *around.bursts)
        work_s = tempo.work_until(now_s)
        if self._accepted < around.cold_answers and self._random.random() > self._accepted / around.cold_answers:
            image_cost *= around.cold_factor
        kind, ready_s = self.inner.offer(work_s, image_cost)
        # The tempo changes the rate of a rate limiter but not its latencies; in a pool it changes the service times.
        ready_s = tempo.when_done(ready_s) if self._is_pool else now_s + (ready_s - work_s)
        if kind != "accepted":
            return Answer(kind, now_s + self.inner.truth.throttle_reply_s)
        if self._behind is not None and self._behind.offer(now_s, 0.0) is None:
            return Answer("throttled", now_s + self.inner.truth.throttle_reply_s)
        self._accepted += 1
        if around.late_errors and self._random.random() < around.late_errors:
            return Answer("error500", ready_s)
        if around.crowding:
            while self._in_flight and self._in_flight[0] <= now_s:
                heappop(self._in_flight)
            ready_s += (ready_s - now_s) * around.crowding * len(self._in_flight)
            heappush(self._in_flight, ready_s)
        return Answer(kind, ready_s)

    def _let_bursts_offer(self, now_s: float, rate: float, on_s: float, off_s: float) -> None:
        """Offer the other client's requests up to `now_s` to the same limiter."""
        self._bursts_next_s = max(self._bursts_next_s, now_s - 60.0)
        while self._bursts_next_s <= now_s:
            if (self._bursts_next_s + self._bursts_shift_s) % (on_s + off_s) < on_s:
                self.inner.offer(self._bursts_next_s)
            self._bursts_next_s += self._random.expovariate(rate)


def slow_start(seconds: float, times: float) -> Tempo:
    """A tempo that is slower by the factor `times` for the first `seconds`."""
    return Tempo(((0.0, 1 / times), (seconds, 1.0)))


def step(at_s: float, before: float) -> Tempo:
    """A tempo with the speed `before` until `at_s`, as a share of the speed after it."""
    return Tempo(((0.0, before), (at_s, 1.0)), long_run=None)


def pauses(random: Random, length_s: float, every_s: float) -> Tempo:
    """A tempo with pauses of `length_s`, about every `every_s`."""
    pieces, now_s = [(0.0, 1.0)], every_s * random.random() + 0.1
    while now_s < LONG_S:
        pieces += [(now_s, 0.0), (now_s + length_s, 1.0)]
        now_s += every_s * random.uniform(0.8, 1.2)
    return Tempo(pieces, long_run=1 - length_s / every_s)
