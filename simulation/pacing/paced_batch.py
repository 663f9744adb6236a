"""A batch that is sent at the shared pace, in virtual time: the project's pacer and slots against a simulated service.

Only time and the network are simulated. Each worker has its own clock error, and sends a little after its slots.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from random import Random

from lambdas.processing.pacer import Pace, after, with_units
from lambdas.processing.slots import Kind, give_back, reserve
from lambdas.processing.worker_slots import WorkerSlots
from simulation.virtual_time import OUTCOMES, Service

CLOCK_ERROR_S = 0.015  # standard deviation between workers
SEND_S, REPLY_S = 0.002, 0.003  # a request is sent, and a reply read, up to so much late
THREADS = 64  # of a worker, if the pace has no cap
EPOCH = 1e6  # the time of the first request on the clock of the pace


@dataclass
class Batch:
    """What came of a batch: outcomes by second of their requests, and the pace at the end."""

    pace: Pace
    seconds: dict[int, Counter[str]] = field(default_factory=dict)
    rates: list[tuple[float, float]] = field(default_factory=list)  # (time, rate), at each reservation

    def between(self, first_s: float, last_s: float) -> Counter[str]:
        """The outcomes of the requests that were sent in these seconds."""
        sums = Counter[str]()
        for second in range(int(first_s), int(last_s)):
            sums.update(self.seconds.get(second, {}))
        return sums


def run_batch(
    service: Service,
    pace: Pace,
    seconds: float,
    *,
    seed: str = "",
    workers: int = 1,
    units_at: Callable[[float], int] | None = None,
    kinds: tuple[Kind, ...] = (),
) -> Batch:
    """Send for `seconds` with so many workers. `units_at` tells the inference units in service at a time."""
    random, numbers = Random(f"{seed}/batch"), count()
    batch, slots = Batch(pace), [WorkerSlots() for _ in range(workers)]
    clocks = [EPOCH + (random.gauss(0.0, CLOCK_ERROR_S) if workers > 1 else 0.0) for _ in range(workers)]
    events: list[tuple[float, int, int, str | None, int]] = []

    def schedule(at: float, worker: int, outcome: str | None = None, before: int = 0) -> None:
        heappush(events, (at, next(numbers), worker, outcome, before))

    def ask(worker: int, now: float) -> None:
        own = slots[worker]
        now += clocks[worker]
        unsent, report = own.unsent(now), own.report(now)
        if units_at is not None:
            batch.pace = with_units(batch.pace, units_at(now - clocks[worker]))
        batch.pace = after(batch.pace, report, now)
        if unsent is not None:
            batch.pace = give_back(batch.pace, *unsent)
        kind: Kind = kinds[worker] if kinds else "batch"
        same = kinds.count(kind) if kinds else workers
        batch.pace, reserved = reserve(batch.pace, now, kind, same)
        own.add(reserved)
        batch.rates.append((now - clocks[worker], batch.pace.rate))
        schedule(own.again_at - clocks[worker] + SEND_S * random.random(), worker)
        for at in reserved.times:
            schedule(at - clocks[worker] + SEND_S * random.random(), worker)

    def send(worker: int, now: float) -> None:
        own, local = slots[worker], now + clocks[worker]
        while own.in_flight < THREADS and (at := own.next_at(local)) is not None and at <= local + 1e-6:
            before = own.send(local)
            kind, ready_s = service.offer(now)
            batch.seconds.setdefault(int(now), Counter())[OUTCOMES[kind]] += 1
            schedule(ready_s + REPLY_S * random.random(), worker, OUTCOMES[kind], before)

    for worker in range(workers):
        schedule(worker / workers, worker)
    while events:
        now, _, worker, outcome, before = heappop(events)
        if now >= seconds:
            break
        if outcome is not None:
            slots[worker].done(outcome, before)
        if slots[worker].is_due(now + clocks[worker]):
            ask(worker, now)
        send(worker, now)
    return batch
