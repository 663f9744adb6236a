"""Limiters, by which a model server refuses work: one small class per kind, in explicit time.

All have the method `offer(now_s, service_s)`. It returns the time in seconds (same clock as `now_s`) at which the reply
after `service_s` seconds of work is ready, or None if the offer is throttled. Offers must be in time order. `scale`
multiplies the rate and may be set between two offers.
"""

from collections import deque
from heapq import heapify, heapreplace
from typing import Protocol


class Limiter(Protocol):
    """The interface of all limiters."""

    scale: float

    def offer(self, now_s: float, service_s: float) -> float | None:
        """Returns the time at which the reply is ready, or None if the offer is throttled."""


class TokenBucket:
    """A token bucket: `rate` tokens per second, up to `burst` tokens; it is full at the first offer."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = burst
        self.scale = 1.0
        self._tokens = burst
        self._refilled_at_s: float | None = None

    def offer(self, now_s: float, service_s: float) -> float | None:
        """See `Limiter.offer`. An admitted offer costs one token."""
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
    """A fixed window: `rate * window_s` admissions in each; windows start at `phase_s` + a multiple of `window_s`.

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
        """See `Limiter.offer`. A change of `scale` takes effect with the next window."""
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
    """A sliding window: at most n admissions in any n / `rate` seconds, where n is `rate * window_s` rounded.

    The window is adapted so that the long-run rate is exact: 12.5/s in 1 s becomes 12 in 0.96 s.
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
    """A pool of `executors` behind one queue of at most `queue_length` waiting offers (None: unbounded).

    A `queue_length` of 0 is a plain concurrency limit. A rejection takes `reject_cost_s` of an executor's time, so many
    rejections reduce the capacity. `scale` is the speed of the executors.
    """

    def __init__(self, executors: int, queue_length: int | None, reject_cost_s: float = 0.0) -> None:
        self.queue_length = queue_length
        self.reject_cost_s = reject_cost_s
        self.scale = 1.0
        self._free_at_s = [float("-inf")] * executors
        # The queue is FIFO, so start times never decrease, and a deque holds the waiting offers.
        self._starts_s: deque[float] = deque()

    @property
    def executors(self) -> int:
        """The number of executors."""
        return len(self._free_at_s)

    def add_executors(self, count: int, now_s: float) -> None:
        """Add `count` executors that are free from `now_s` on (autoscaling)."""
        self._free_at_s.extend([now_s] * count)
        heapify(self._free_at_s)

    def offer(self, now_s: float, service_s: float) -> float | None:
        """See `Limiter.offer`. The reply is ready after the wait in the queue and the service time."""
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
