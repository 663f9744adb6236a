"""Simulates a whole search in virtual time, with the project's plans, lanes and counts, and a simulated service.

Lanes are generators that read like the threads of a real worker: they yield the time at which they
continue, and an event queue resumes them in order of time. Only time and the network are simulated.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from random import Random
from typing import Protocol

from lambdas.capacity.measurement import Measurement
from lambdas.capacity.search import next_move
from lambdas.capacity.step_plans import SearchLimits
from lambdas.load.counts import StepCounts
from lambdas.load.step import StepPlan
from lambdas.load.worker_step import ImageCycle, Lane, WorkerStep
from lambdas.models.outcomes import ACCEPTED, CONNECTION_LOST, THROTTLED, TIMED_OUT
from local.simulated_model.service import Answer

Sleeper = Generator[float, float, None]  # yields the time of its wake-up, receives the current time

OUTCOMES = {
    "accepted": ACCEPTED,
    "throttled": THROTTLED,
    "account_throttled": "ThrottlingException",
    "error500": "InternalServerError",
    "reset": CONNECTION_LOST,
    "hang": TIMED_OUT,
}


class Service(Protocol):
    """The measured service: a limiter with effects around it."""

    def offer(self, now_s: float, image_cost: float = 1.0) -> Answer:
        """The outcome of a request at `now_s`; offers must be in time order."""


@dataclass(frozen=True)
class Client:
    """The properties of the load client and its network; times in seconds."""

    gap_s: float = 3.0  # from the last reply of a step to the start of the next one
    clock_error_s: float = 0.015  # standard deviation between workers
    overhead_s: float = 0.001  # time of a lane per request
    timeout_s: float = 20.0
    late_workers_s: Sequence[float] = ()  # seconds after the common start at which worker 0, 1, … is ready


@dataclass
class SearchRun:
    """A whole search: its steps and its measurement."""

    measurement: Measurement
    history: list[StepCounts] = field(repr=False)
    wall_s: float
    starts_s: list[float] = field(default_factory=list, repr=False)  # starts of the steps on the client's clock

    @property
    def load_s(self) -> float:
        """The seconds in which requests were sent."""
        return sum(_load_s(counts) for counts in self.history)

    @property
    def requests(self) -> int:
        """The number of requests of the search, without the probe."""
        return sum(counts.sent for counts in self.history)


class VirtualClient:
    """Runs steps against one service; the service's state and the clock continue between steps."""

    def __init__(
        self,
        service: Service,
        *,
        image_costs: Sequence[float] = (1.0,),
        in_flight_per_worker: int = 8,
        client: Client | None = None,
        seed: int | str = 0,
    ) -> None:
        self.service = service
        self.image_costs = image_costs
        self.in_flight_per_worker = in_flight_per_worker
        self.client = client or Client()
        self.now_s = 0.0
        self._random = Random(f"{seed}/client")

    def run_step(self, plan: StepPlan) -> StepCounts:
        """Run one step, until its last reply and the gap after it."""
        start_s = self.now_s + plan.wait_s
        workers: list[WorkerStep] = []
        sleepers: list[tuple[float, Sleeper]] = []
        for index in range(plan.workers):
            late_s = self.client.late_workers_s[index] if index < len(self.client.late_workers_s) else -0.5
            step = WorkerStep(plan, index, ready_s=late_s)
            workers.append(step)
            zero_s = start_s + self._random.gauss(0.0, self.client.clock_error_s)
            images = ImageCycle(len(self.image_costs), index * plan.lanes_of(0))
            paced = step.paced_times()
            lanes = plan.lanes_of(index)
            for number in range(max(lanes, self.in_flight_per_worker if plan.paced_tps else 0)):
                lane = self._lane(step, images, zero_s, paced, closed=number < lanes)
                # The lanes of a process start one after the other, not at the same time.
                sleepers.append((zero_s + max(0.0, late_s) + number * self.client.overhead_s / 4, lane))
        ended_s = run_until_done(sleepers)
        self.now_s = max(ended_s, start_s + plan.base_s) + self.client.gap_s
        return StepCounts(plan, [worker.counts() for worker in workers])

    def _lane(
        self, step: WorkerStep, images: ImageCycle, zero_s: float, paced: Iterator[float], *, closed: bool
    ) -> Sleeper:
        """One lane of a worker: first the closed loop, then the paced requests as they fall due."""
        offer, costs, random = self.service.offer, self.image_costs, self._random.random
        overhead_s, timeout_s = self.client.overhead_s, self.client.timeout_s
        lane = Lane(step.plan.lanes)
        now_s = yield 0.0  # the first value sent is the current time
        while closed and step.is_active(now_s - zero_s):
            sent_s, image = now_s, images.take()
            kind, ready_s = offer(sent_s, costs[image])
            now_s = yield min(ready_s, sent_s + timeout_s) + overhead_s
            outcome = OUTCOMES[kind]
            if outcome is not ACCEPTED:
                images.requeue(image)
            step.record(outcome, sent_s - zero_s, now_s - zero_s)
            pause_s = lane.backoff_s(outcome, now_s - sent_s, random())
            step.add_busy_time(now_s - sent_s + pause_s)
            if pause_s:
                now_s = yield now_s + pause_s
        for planned_s in paced:
            if now_s < planned_s + zero_s:
                now_s = yield planned_s + zero_s
            elif now_s - zero_s > step.plan.longest_s:
                break
            sent_s, image = now_s, images.take()
            kind, ready_s = offer(sent_s, costs[image])
            now_s = yield min(ready_s, sent_s + timeout_s) + overhead_s
            if kind != "accepted":
                images.requeue(image)
            step.record(OUTCOMES[kind], sent_s - zero_s, now_s - zero_s, planned_s)


def run_until_done(sleepers: Iterable[tuple[float, Sleeper]]) -> float:
    """Resume the sleepers in order of time until all are done. Returns the time of the end."""
    queue: list[tuple[float, int, Callable[[float], float]]] = []
    for number, (due_s, sleeper) in enumerate(sleepers):
        next(sleeper)
        queue.append((due_s, number, sleeper.send))
    heapify(queue)
    now_s = 0.0
    while queue:
        now_s, number, resume = heappop(queue)
        try:
            due_s = resume(now_s)
        except StopIteration:
            continue
        heappush(queue, (due_s, number, resume))
    return now_s


def run_search(client: VirtualClient, limits: SearchLimits) -> SearchRun:
    """Run the steps of a search until its next move is a measurement."""
    history: list[StepCounts] = []
    starts_s: list[float] = []
    started_s = client.now_s
    while isinstance(move := next_move(history, limits), StepPlan):
        starts_s.append(client.now_s + move.wait_s)
        history.append(client.run_step(move))
    return SearchRun(move, history, client.now_s - started_s, starts_s)


def throttled_share(service: Service, from_s: float, tps: float, seconds: float) -> float:
    """The throttled share of evenly paced requests over `seconds`; they do not wait for earlier replies."""
    requests = max(1, round(tps * seconds))
    answers = (service.offer(from_s + index / tps).kind for index in range(requests))
    return sum(kind == "throttled" for kind in answers) / requests


def _load_s(counts: StepCounts) -> float:
    return max(worker.seconds for worker in counts.workers) + counts.plan.paced_s
