"""A batch that is sent at the shared pace, in virtual time: the project's pacer and slots against a simulated service.

Only time and the network are simulated. Each worker has its own clock error, and sends a little after its slots. Beside
the batch uploads may come: a worker for uploads takes up to ten that wait, sends them, and ends.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from itertools import count
from random import Random

from lambdas.inference.gate import UPLOADS_PER_BATCH, batches_for
from lambdas.models.outcomes import ACCEPTED, THROTTLED
from lambdas.processing.pace import Pace, Report, with_units
from lambdas.processing.pacer import after
from lambdas.processing.slots import Kind, give_back, reserve
from lambdas.processing.worker_slots import WorkerSlots
from simulation.virtual_time import OUTCOMES, Service

CLOCK_ERROR_S = 0.015  # standard deviation between workers
SEND_S, REPLY_S = 0.002, 0.003  # a request is sent, and a reply read, up to so much late
EXCHANGE_S = 0.03  # a report, and the reservation after it, take up to so long
# A busy worker stalls before this share of its requests, for so long on average, and a request takes so long on average
# to arrive: about what was seen on two cores that did all of this and the model's part, too.
STALLS, STALL_S, PATH_S = 0.003, 0.04, 0.002
THREADS = 64  # of a worker, if the pace has no cap
EPOCH = 1e6  # the time of the first request on the clock of the pace
BEFORE_S, AFTER_S = 0.15, 0.1  # of a worker for uploads: from its start to its first request, from its last reply on


@dataclass
class Batch:
    """What came of a batch: outcomes by second of their requests, and the pace at the end.

    `waits` are the seconds from each upload to its reply, `batch_seconds` the batch's own accepted requests.
    """

    pace: Pace
    seconds: dict[int, Counter[str]] = field(default_factory=dict)
    rates: list[tuple[float, float]] = field(default_factory=list)  # (time, rate), at each reservation
    waits: list[float] = field(default_factory=list)
    batch_seconds: Counter[int] = field(default_factory=Counter)

    def between(self, first_s: float, last_s: float) -> Counter[str]:
        """The outcomes of the requests that were sent in these seconds."""
        sums = Counter[str]()
        for second in range(int(first_s), int(last_s)):
            sums.update(self.seconds.get(second, {}))
        return sums


@dataclass
class _Worker:
    """`uploads` are the times of those that it has still to send; None if it sends images of the batch without end."""

    clock: float  # what its clock says at the time 0
    uploads: deque[float] | None = None
    slots: WorkerSlots = field(default_factory=WorkerSlots)
    unanswered: int = 0
    asks: bool = False
    stalls_until: float = 0.0

    @property
    def kind(self) -> Kind:
        return "batch" if self.uploads is None else "live"

    @property
    def has_images(self) -> bool:
        return self.uploads is None or bool(self.uploads)


@dataclass
class _Sending:
    """The workers that share a pace. Actions are in order of time."""

    service: Service
    batch: Batch
    random: Random
    workers: int
    units_at: Callable[[float], int] | None
    is_busy: bool
    actions: list[tuple[float, int, Callable[[float], None]]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)
    waiting: deque[float] = field(default_factory=deque)
    running: int = 0

    def schedule(self, at: float, action: Callable[[float], None]) -> None:
        heappush(self.actions, (at, next(self.numbers), action))

    def run_until(self, seconds: float) -> None:
        while self.actions:
            now, _, action = heappop(self.actions)
            if now >= seconds:
                return
            action(now)

    def step(self, worker: _Worker, now: float) -> None:
        local, own = now + worker.clock, worker.slots
        if now < worker.stalls_until:
            self.schedule(worker.stalls_until, partial(self.step, worker))
            return
        if worker.has_images and own.is_due(local) and not worker.asks:
            self.ask(worker, now)
        while worker.has_images and own.in_flight < THREADS and (at := own.next_at(local)) is not None:
            if at > local + 1e-6:
                return
            if self.is_busy and self.random.random() < STALLS and not worker.stalls_until:
                self.stall(worker, self.random.expovariate(1 / STALL_S), now)
                return
            worker.stalls_until = 0.0
            self.send(worker, now)

    def stall(self, worker: _Worker, seconds: float, now: float) -> None:
        worker.stalls_until = now + seconds
        self.schedule(worker.stalls_until, partial(self.step, worker))

    def ask(self, worker: _Worker, now: float) -> None:
        """Report, and reserve what the worker needs. It looks again when the pace says so."""
        worker.asks = True
        own, local = worker.slots, now + worker.clock
        returned_slots, report = own.give_back(local), own.report(local)
        wanted_slots = None if worker.uploads is None else max(0, len(worker.uploads) - own.held_count)
        self.schedule(
            now + EXCHANGE_S * self.random.random(),
            lambda now: self.exchange(worker, now, local, report, returned_slots, wanted_slots),
        )

    def exchange(
        self,
        worker: _Worker,
        now: float,
        local: float,
        report: Report,
        returned_slots: tuple[float, float] | None,
        wanted_slots: int | None,
    ) -> None:
        """The exchange that a worker asked for at the time `local` on its clock."""
        own, batch = worker.slots, self.batch
        worker.asks = False
        if self.units_at is not None:
            batch.pace = with_units(batch.pace, self.units_at(now))
        batch.pace = after(batch.pace, report, local)
        if returned_slots is not None:
            batch.pace = give_back(batch.pace, *returned_slots)
        same = self.workers if worker.kind == "batch" else 1
        batch.pace, reserved = reserve(batch.pace, local, worker.kind, same, wanted_slots)
        own.add(reserved)
        batch.rates.append((now, batch.pace.rate))
        for at in (*reserved.times, own.again_at):
            self.schedule(max(now, at - worker.clock) + SEND_S * self.random.random(), partial(self.step, worker))

    def send(self, worker: _Worker, now: float) -> None:
        uploaded, before = worker.uploads.popleft() if worker.uploads else None, worker.slots.send(now + worker.clock)
        if self.is_busy:
            arrives = now + self.random.expovariate(1 / PATH_S)
            self.schedule(arrives, lambda now: self.arrive(worker, now, before, uploaded))
        else:
            self.arrive(worker, now, before, uploaded)

    def arrive(self, worker: _Worker, now: float, before: int, uploaded: float | None) -> None:
        """The request arrives at the model."""
        kind, ready_s = self.service.offer(now)
        outcome = OUTCOMES[kind]
        self.batch.seconds.setdefault(int(now), Counter())[outcome] += 1
        if worker.kind == "batch" and outcome == ACCEPTED:
            self.batch.batch_seconds[int(now)] += 1
        at = ready_s + REPLY_S * self.random.random()
        self.schedule(at, lambda now: self.reply(worker, now, outcome, before, uploaded))

    def reply(self, worker: _Worker, now: float, outcome: str, before: int, uploaded: float | None) -> None:
        worker.slots.record_outcome(outcome, before, now + worker.clock)
        if worker.uploads is not None and uploaded is not None:
            if outcome == THROTTLED:
                worker.uploads.appendleft(uploaded)
            else:
                self.batch.waits.append(now - uploaded)
                worker.unanswered -= 1
                if not worker.unanswered:
                    self.ask(worker, now)
                    self.schedule(now + AFTER_S, self.end)
        self.step(worker, now)

    def upload(self, now: float) -> None:
        self.waiting.append(now)
        self.start(now)

    def end(self, now: float) -> None:
        self.running -= 1
        self.start(now)

    def start(self, now: float) -> None:
        """Start workers for the uploads that wait."""
        while self.waiting and self.running < batches_for(self.batch.pace.rate):
            taken = deque(self.waiting.popleft() for _ in range(min(UPLOADS_PER_BATCH, len(self.waiting))))
            worker = _Worker(EPOCH, taken, unanswered=len(taken))
            self.running += 1
            self.schedule(now + BEFORE_S, partial(self.step, worker))


def run_batch(
    service: Service,
    pace: Pace,
    seconds: float,
    *,
    seed: str = "",
    workers: int = 1,
    units_at: Callable[[float], int] | None = None,
    uploads: Sequence[float] = (),
    is_busy: bool = False,
    stalls: Sequence[tuple[float, float]] = (),
) -> Batch:
    """Send for `seconds` with so many workers. `units_at` tells the inference units in service at a time.

    `uploads` are the times of live uploads. Busy workers send late at times, and their requests arrive unevenly.
    In `stalls` (time, seconds) no worker does anything.
    """
    random, batch = Random(f"{seed}/batch"), Batch(pace)
    sending = _Sending(service, batch, random, workers, units_at, is_busy)
    clocks = [EPOCH + (random.gauss(0.0, CLOCK_ERROR_S) if workers > 1 else 0.0) for _ in range(workers)]
    for number, clock in enumerate(clocks):
        worker = _Worker(clock)
        sending.schedule(number / workers, partial(sending.step, worker))
        for at, stall_s in stalls:
            sending.schedule(at, partial(sending.stall, worker, stall_s))
    for at in uploads:
        sending.schedule(at, sending.upload)
    sending.run_until(seconds)
    return batch
