"""The ways in which a model server refuses work: one small class per kind, in explicit time.

All share one method, `offer(now_s, service_s)`: the time in seconds (same clock as `now_s`) at which
the answer of `service_s` seconds of work is ready, or None when the offer is throttled. Offers come
in time order. State survives gaps. `scale` multiplies the rate, and may be set between two offers.
"""

from collections import deque
from heapq import heapify, heapreplace
from typing import Protocol


class Limiter(Protocol):
    """What every limiter answers to."""

    scale: float

    def offer(self, now_s: float, service_s: float) -> float | None:
        """Time at which the answer is ready, or None when throttled."""


class TokenBucket:
    """`rate` tokens per second up to a credit of `burst` tokens; full at the first offer."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = burst
        self.scale = 1.0
        self._tokens = burst
        self._refilled_at_s: float | None = None

    def offer(self, now_s: float, service_s: float) -> float | None:
        """See `Limiter.offer`; an admitted offer costs one token."""
        if self._refilled_at_s is not None and now_s > self._refilled_at_s:
            refill = (now_s - self._refilled_at_s) * self.rate * self.scale
            self._tokens = min(self.burst, self._tokens + refill)
        self._refilled_at_s = now_s
        # A refill of exactly one second must not miss its last token by a rounding error.
        if self._tokens < 1.0 - 1e-9:
            return None
        self._tokens -= 1.0
        return now_s + service_s


class FixedWindow:
    """`rate * window_s` admissions in each window; windows start at `phase_s` + a multiple of `window_s`.

    A fraction of an admission is carried to the next window, so the long-run rate is exact.
    """

    def __init__(self, rate: float, window_s: float, phase_s: float = 0.0) -> None:
        self.rate = rate
        self.window_s = window_s
        self.phase_s = phase_s
        self.scale = 1.0
        self._window: int | None = None
        self._left = 0
        self._fraction = 0.0

    def offer(self, now_s: float, service_s: float) -> float | None:
        """See `Limiter.offer`; a change of `scale` holds from the next window on."""
        window = int((now_s - self.phase_s) // self.window_s)
        if window != self._window:
            allowance = self._fraction + self.rate * self.window_s * self.scale
            self._left = int(allowance + 1e-9)
            self._fraction = max(0.0, allowance - self._left)
            self._window = window
        if self._left <= 0:
            return None
        self._left -= 1
        return now_s + service_s


class SlidingWindow:
    """At most n admissions in any stretch of n / `rate` seconds, where n is `rate * window_s` rounded.

    The window gives way to the rate: 12.5/s in 1 s is 12 in 0.96 s, so the long-run rate is exact.
    """

    def __init__(self, rate: float, window_s: float) -> None:
        self.rate = rate
        self.window_s = window_s
        self.scale = 1.0
        self._admissions = max(1, round(rate * window_s))
        self._admitted_at_s: deque[float] = deque(maxlen=self._admissions)

    def offer(self, now_s: float, service_s: float) -> float | None:
        """See `Limiter.offer`."""
        admitted_at_s = self._admitted_at_s
        if len(admitted_at_s) == self._admissions:
            window_s = self._admissions / (self.rate * self.scale)
            if admitted_at_s[0] > now_s - window_s + 1e-9:
                return None
        admitted_at_s.append(now_s)
        return now_s + service_s


class ExecutorPool:
    """`executors` servers behind one queue of at most `queue_length` waiting offers (None: unbounded).

    `queue_length` 0 is a plain concurrency limit. A rejection takes `reject_cost_s` of an executor's
    time: a storm of rejected offers eats the capacity. `scale` is the executors' speed.
    """

    def __init__(self, executors: int, queue_length: int | None, reject_cost_s: float = 0.0) -> None:
        self.queue_length = queue_length
        self.reject_cost_s = reject_cost_s
        self.scale = 1.0
        self._free_at_s = [float("-inf")] * executors
        # First come, first served: start times never decrease, so a deque holds those still waiting.
        self._starts_s: deque[float] = deque()

    @property
    def executors(self) -> int:
        """Executors at work now."""
        return len(self._free_at_s)

    def add_executors(self, count: int, now_s: float) -> None:
        """`count` more executors, free from `now_s` on (autoscaling)."""
        self._free_at_s.extend([now_s] * count)
        heapify(self._free_at_s)

    def offer(self, now_s: float, service_s: float) -> float | None:
        """See `Limiter.offer`; the answer is ready after the wait in the queue and the service."""
        free_at_s = self._free_at_s
        start_s = free_at_s[0]
        if start_s <= now_s:
            start_s = now_s
        elif self._is_full(now_s):
            if self.reject_cost_s > 0.0:
                heapreplace(free_at_s, start_s + self.reject_cost_s)
            return None
        else:
            self._starts_s.append(start_s)
        ready_s = start_s + service_s / self.scale
        heapreplace(free_at_s, ready_s)
        return ready_s

    def _is_full(self, now_s: float) -> bool:
        starts_s = self._starts_s
        while starts_s and starts_s[0] <= now_s:
            starts_s.popleft()
        return self.queue_length is not None and len(starts_s) >= self.queue_length
