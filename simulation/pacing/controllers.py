"""Peers' controllers of a request rate or a concurrency, on the same services in virtual time.

Each one is written after its source, with its own constants, for a client without a measurement:

- botocore's adaptive retry mode: `botocore/retries/throttling.py` (CUBIC) and `adaptive.py`, a token bucket per client.
- AIMD of Netflix's concurrency-limits: `AIMDLimit.java`, backoff ratio 0.9, one more in flight for each success while
  at least half of the limit is used.
- Apache Beam's `AdaptiveThrottler`: `adaptive_throttler.py`, a window of 120 s, overload ratio 1.25, which rejects
  requests in the client with a probability.
- Fixed concurrency: Lambda's reserved concurrency 1 with 80 ms of other work for each image, as in
  aws-samples/serverless-rekognition-custom-labels ("BEE"); and many workers with two SDK retries, as in
  aws-samples/amazon-rekognition-custom-labels-batch-processing ("RCB", here with up to 50 in flight).
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterator
from random import Random

from simulation.virtual_time import OUTCOMES, Service, Sleeper, run_until_done

Done = Counter[str]
Peer = Callable[[Service, float, Random, Done], Iterator[tuple[float, Sleeper]]]


class _Adaptive:
    """botocore's rate limiter: CUBIC on the measured client rate, and a token bucket with that fill rate."""

    BETA, SCALE, SMOOTH, BUCKET_S = 0.7, 0.4, 0.8, 0.5

    def __init__(self) -> None:
        self.rate = self.measured = self.last_max = 0.0
        self.enabled, self.throttled_at, self.bucket, self.requests = False, 0.0, 0.0, 0
        self.tokens, self.capacity, self.fill, self.filled_at = 0.0, 0.0, 0.0, 0.0

    def wait_s(self, now: float) -> float:
        if not self.enabled:
            return 0.0
        self.tokens = min(self.capacity, self.tokens + (now - self.filled_at) * self.fill)
        self.filled_at = now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0.0
        return max(0.001, (1 - self.tokens) / self.fill)

    def reply(self, now: float, *, throttled: bool) -> None:
        self._measure(now)
        if throttled:
            current = min(self.measured, self.fill) if self.enabled else self.measured
            self.last_max, self.throttled_at, self.enabled = current, now, True
            rate = current * self.BETA
        else:
            window = ((self.last_max * (1 - self.BETA)) / self.SCALE) ** (1 / 3)
            rate = self.SCALE * (now - self.throttled_at - window) ** 3 + self.last_max
        rate = min(rate, 2 * self.measured)
        if self.enabled:
            self.fill, self.capacity = max(rate, 0.5), max(rate, 1.0)
            self.tokens = min(self.tokens, self.capacity)

    def _measure(self, now: float) -> None:
        bucket = math.floor(now / self.BUCKET_S) * self.BUCKET_S
        self.requests += 1
        if bucket > self.bucket:
            current = self.requests / (bucket - self.bucket)
            self.measured = current * self.SMOOTH + self.measured * (1 - self.SMOOTH)
            self.requests, self.bucket = 0, bucket


def adaptive(clients: int) -> Peer:
    """So many processes in botocore's adaptive mode, which share nothing; ten threads in all, three attempts each."""

    def peer(service: Service, seconds: float, random: Random, done: Done) -> Iterator[tuple[float, Sleeper]]:
        limiters = [_Adaptive() for _ in range(clients)]

        def thread(limiter: _Adaptive) -> Sleeper:
            now = yield 0.0
            while now < seconds:
                for attempt in range(3):
                    while (wait := limiter.wait_s(now)) > 0:
                        now = yield now + wait
                    kind, ready_s = service.offer(now)
                    done[OUTCOMES[kind]] += 1
                    now = yield ready_s
                    limiter.reply(now, throttled=kind == "throttled")
                    if kind == "accepted":
                        break
                    now = yield now + random.random() * 2**attempt

        return ((number / 100, thread(limiters[number % clients])) for number in range(10))

    return peer


def aimd(service: Service, seconds: float, random: Random, done: Done) -> Iterator[tuple[float, Sleeper]]:
    """AIMDLimit: initial limit 20, from 20 (its least) to 200; a throttle is a drop."""
    limit, in_flight = [20.0], [0]

    def thread(number: int) -> Sleeper:
        now = yield 0.0
        while now < seconds:
            if number >= limit[0]:
                now = yield now + 1.0
                continue
            in_flight[0] += 1
            kind, ready_s = service.offer(now)
            done[OUTCOMES[kind]] += 1
            now = yield ready_s
            in_flight[0] -= 1
            if kind != "accepted":
                limit[0] = max(20.0, limit[0] * 0.9)
            elif in_flight[0] * 2 >= limit[0]:
                limit[0] = min(200.0, limit[0] + 1)

    return ((number / 200, thread(number)) for number in range(200))


def beam(service: Service, seconds: float, random: Random, done: Done) -> Iterator[tuple[float, Sleeper]]:
    """AdaptiveThrottler: ten threads; a request is throttled in the client with probability
    (requests - ratio x successes) / (requests + 1) of the last 120 s; it waits a second then."""
    window: deque[tuple[float, bool]] = deque()
    accepted = [0]

    def thread() -> Sleeper:
        now = yield 0.0
        while now < seconds:
            while window and window[0][0] < now - 120:
                accepted[0] -= window.popleft()[1]
            if random.random() < max(0.0, (len(window) - 1.25 * accepted[0]) / (len(window) + 1)):
                window.append((now, False))
                now = yield now + 1.0
                continue
            kind, ready_s = service.offer(now)
            done[OUTCOMES[kind]] += 1
            now = yield ready_s
            window.append((now, kind == "accepted"))
            accepted[0] += kind == "accepted"

    return ((number / 10, thread()) for number in range(10))


def fixed(in_flight: int, other_work_s: float, retries: int) -> Peer:
    """So many in flight at any time, each with other work for an image and the SDK's retries."""

    def peer(service: Service, seconds: float, random: Random, done: Done) -> Iterator[tuple[float, Sleeper]]:
        def thread() -> Sleeper:
            now = yield 0.0
            while now < seconds:
                for attempt in range(1 + retries):
                    kind, ready_s = service.offer(now)
                    done[OUTCOMES[kind]] += 1
                    now = yield ready_s
                    if kind == "accepted":
                        break
                    now = yield now + random.random() * min(20.0, 2.0**attempt)
                now = yield now + other_work_s

        return ((number / in_flight, thread()) for number in range(in_flight))

    return peer


PEERS: dict[str, Peer] = {
    "botocore's adaptive mode, one process": adaptive(1),
    "botocore's adaptive mode, ten processes": adaptive(10),
    "AIMD (concurrency-limits)": aimd,
    "Beam's AdaptiveThrottler": beam,
    "one in flight (BEE)": fixed(1, 0.08, 0),
    "50 in flight, two retries (RCB)": fixed(50, 0.08, 2),
}


def run_peer(peer: Peer, service: Service, seconds: float, seed: str) -> Done:
    """The outcomes of a peer's requests."""
    done = Done()
    run_until_done(peer(service, seconds, Random(seed), done))
    return done
