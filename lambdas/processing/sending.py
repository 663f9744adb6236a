"""Sends tasks at a model's pace: one worker, with as many threads and connections as the pace allows in flight.

A throttled request goes back to the front and is sent in a later slot. That is no attempt of its task.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from lambdas.models.outcomes import ACCEPTED, MODEL_GONE, THROTTLED, Reply
from lambdas.models.ports import PreparedRequest
from lambdas.processing.pace import Report
from lambdas.processing.slots import Slots
from lambdas.processing.worker_slots import WorkerSlots

THREADS = 32  # most of one worker
IDLE_S = 0.1  # a thread without a slot, or without a task, looks again, at the latest
# Python lets a thread run for 5 ms while others wait, so that a request was sent up to 63 ms after its slot while
# results were written (two cores, 25 requests/s); with this, up to 17 ms. Longer than what a thread needs to send.
SWITCH_S = 0.0005
PREPARE_S = 0.3  # no slot is reserved before all tasks are prepared, or so long: some turn out to need none


class Task(Protocol):
    """One image to process."""

    def prepare(self) -> PreparedRequest | None:
        """The request. Returns None if the task was decided without one, and is recorded."""

    def finish(self, reply: Reply, ms: float) -> bool:
        """Record the reply, which took `ms` milliseconds. Returns True if the task has to be sent again."""


class Sender(Protocol):
    """One thread's connection to the model."""

    def send(self, prepared: PreparedRequest) -> Reply:
        """Send the request and classify the reply."""

    def close(self) -> None:
        """Called when the thread is done."""


class SharedPace(Protocol):
    """The pace that all workers of a model share."""

    def exchange(
        self,
        report: Report,
        now: float,
        *,
        wanted_slots: int | None = None,
        returned_slots: tuple[float, float] | None = None,
    ) -> Slots:
        """Report, give slots back, and reserve the next ones."""


@dataclass
class Sent:
    """What one worker sent. `paced_s` is the time that prepared requests waited for a slot: more units save it.

    `throttled_s` counts the seconds in which a request was throttled. `model_is_gone` says that the model does not run.
    """

    requests: int = 0
    accepted: int = 0
    throttled: int = 0
    busy_s: float = 0.0
    paced_s: float = 0.0
    throttled_s: int = 0
    cpu_s: float = 0.0
    model_is_gone: bool = False


def send_paced(
    tasks: Iterator[Task | None],
    pace: SharedPace,
    connect: Callable[[], Sender],
    *,
    until: float,
    now: Callable[[], float] = time.time,
    threads: int = THREADS,
    open_tasks: Callable[[], int] | None = None,
) -> Sent:
    """Send all tasks at the pace, until `until` (epoch seconds) or until the model is gone.

    Where `open_tasks` tells how many tasks have no answer yet, no more slots are reserved than these need.

    `tasks` yields None while it has no task to be sent now; then it is asked again, at the latest after a reply.
    What `tasks` still yields at the end was not sent. A task that was taken and is not finished was throttled last,
    or had no slot in time.

    Raises:
        Exception: what a task or the pace raised. All threads have ended then.
    """
    _prepare_process()
    sending = _Sending(tasks, pace, until, now, open_tasks)
    cpu_before_s = time.process_time()
    with ThreadPoolExecutor(threads + 1) as pool:
        lanes = [pool.submit(sending.run, connect) for _ in range(threads)]
        pacing = pool.submit(sending.keep_pace)
        wait(lanes)
        sending.end()
    for thread in (*lanes, pacing):
        thread.result()
    sending.report_rest()
    sending.sent.cpu_s = time.process_time() - cpu_before_s
    sending.sent.throttled_s = len(sending.throttled_seconds)
    return sending.sent


@cache
def _prepare_process() -> None:
    """Let requests be sent on time: threads take turns quickly, and the garbage collector leaves out all that is there.

    A collection of what boto3 has loaded took 50 ms.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.freeze()


class _Sending:
    """What the threads share. One lock guards the slots, the counts and the tasks.

    Each kind of thread waits for a condition of its own, as waking all threads for each reply would take much CPU.
    """

    def __init__(
        self,
        tasks: Iterator[Task | None],
        pace: SharedPace,
        until: float,
        now: Callable[[], float],
        open_tasks: Callable[[], int] | None,
    ) -> None:
        self.sent = Sent()
        self._open_tasks = open_tasks
        self._has_failed = False
        self._has_ended = False
        self._needs_slot = False  # a thread waits for a slot
        self.throttled_seconds = set[int]()
        self._tasks, self._pace, self._until, self._now = tasks, pace, until, now
        self._retries = deque[tuple[Task, PreparedRequest]]()
        self._tasks_end = False
        self._prepare_until = now() + PREPARE_S
        self._preparing_count = 0  # tasks that are not prepared yet
        self._unfinished_count = 0  # tasks that threads work on, which may have to be sent again
        self._slots = WorkerSlots()
        lock = threading.RLock()
        self._changed = threading.Condition(lock)  # for threads without a task
        self._slot_changed = threading.Condition(lock)  # for the thread that waits for a slot
        self._pace_changed = threading.Condition(lock)  # for the thread that keeps the pace
        self._turn = threading.Lock()  # of the thread that waits for a slot

    def run(self, connect: Callable[[], Sender]) -> None:
        """One thread: takes a task, waits for a slot, sends, until there is nothing to do or no time."""
        try:
            with closing(connect()) as connection:
                while (task_and_request := self._take()) is not None:
                    self._work(*task_and_request, connection)
        except BaseException:
            self._fail()
            raise

    def keep_pace(self) -> None:
        """The thread that reports and reserves, so that requests are sent, and replies recorded, in the meantime."""
        try:
            while self._wait_until_due():
                self._exchange()
        except BaseException:
            self._fail()
            raise

    def end(self) -> None:
        """Called when all other threads are done."""
        with self._changed:
            self._has_ended = True
            self._wake_all()

    def report_rest(self) -> None:
        """Report what became of the last requests, and give back the slots that are left."""
        moment = self._now()
        returned_slots, report = self._slots.give_back(moment), self._slots.report(moment)
        if report.outcomes or returned_slots is not None:
            self._pace.exchange(report, moment, wanted_slots=0, returned_slots=returned_slots)

    def _take(self) -> tuple[Task, PreparedRequest] | None:
        """The next task with its request. Returns None if all tasks are finished, or at the end."""
        while True:
            with self._changed:
                while not self._retries and self._unfinished_count and self._tasks_end and not self._is_over():
                    self._changed.wait(IDLE_S)
                if self._is_over():
                    return None
                if self._retries:
                    self._unfinished_count += 1
                    return self._retries.popleft()
                try:
                    task = next(self._tasks)
                except StopIteration:
                    if not self._unfinished_count:
                        self._wake_all()
                        return None
                    self._tasks_end = True
                    continue
                if task is None:
                    self._changed.wait(IDLE_S)
                    continue
                self._unfinished_count += 1
                self._preparing_count += 1
            prepared = task.prepare()
            with self._changed:
                self._preparing_count -= 1
                if not self._preparing_count and self._open_tasks is not None:
                    self._pace_changed.notify()
            if prepared is not None:
                return task, prepared
            self._done()

    def _work(self, task: Task, prepared: PreparedRequest, connection: Sender) -> None:
        in_flight_before = self._wait_for_slot()
        if in_flight_before is None:
            self._done()
            return
        sent_s = time.perf_counter()
        reply = connection.send(prepared)
        took_s = time.perf_counter() - sent_s
        self._record(reply, took_s, in_flight_before)
        if reply.outcome == THROTTLED or (reply.outcome not in MODEL_GONE and task.finish(reply, took_s * 1000)):
            self._done((task, prepared))
        else:
            self._done()

    def _done(self, retry: tuple[Task, PreparedRequest] | None = None) -> None:
        with self._changed:
            self._unfinished_count -= 1
            if retry is not None:
                self._retries.append(retry)
            if self._unfinished_count:
                self._changed.notify()
            else:
                self._wake_all()

    def _wait_for_slot(self) -> int | None:
        """Wait for the next slot and use it. Returns the requests in flight before it, or None at the end.

        One thread at a time waits for a slot, as waking all of them for each slot would take much CPU.
        """
        began_at = self._now()
        with self._turn, self._changed:
            while not self._is_over():
                moment = self._now()
                slot_at = self._slots.next_at(moment)
                if slot_at is not None and slot_at <= moment:
                    self._needs_slot = False
                    self.sent.requests += 1
                    self.sent.paced_s += moment - began_at
                    return self._slots.send(moment)
                if not self._needs_slot:
                    self._needs_slot = True
                    self._pace_changed.notify()
                wake_at = min(self._until, moment + IDLE_S if slot_at is None else slot_at)
                self._slot_changed.wait(max(0.0, wake_at - moment))
        return None

    def _wait_until_due(self) -> bool:
        """Wait until it is time to report and to reserve. Returns False at the end."""
        with self._changed:
            while not self._has_ended and not self._is_over():
                moment = self._now()
                can_ask = self._needs_slot and not self._may_need_fewer(moment)
                if can_ask and self._slots.is_due(moment):
                    return True
                wake_at = self._slots.again_at if can_ask else moment + IDLE_S
                self._pace_changed.wait(max(0.0, min(wake_at, moment + IDLE_S) - moment))
            return False

    def _may_need_fewer(self, now: float) -> bool:
        """Whether tasks that have just begun may turn out to need no slot."""
        return self._open_tasks is not None and self._preparing_count > 0 and now < self._prepare_until

    def _exchange(self) -> None:
        with self._changed:
            moment = self._now()
            returned_slots, report = self._slots.give_back(moment), self._slots.report(moment)
            wanted_slots = self._wanted_slots()
        slots = self._pace.exchange(report, moment, wanted_slots=wanted_slots, returned_slots=returned_slots)
        with self._changed:
            self._slots.add(slots)
            self._slot_changed.notify()

    def _wanted_slots(self) -> int | None:
        """The slots that the open tasks still need. Returns None if their number is not known."""
        if self._open_tasks is None:
            return None
        return max(0, self._open_tasks() - self._slots.in_flight - self._slots.held_count)

    def _record(self, reply: Reply, took_s: float, in_flight_before: int) -> None:
        with self._changed:
            self._slots.record_outcome(reply.outcome, in_flight_before, self._now())
            self.sent.busy_s += took_s
            self.sent.accepted += reply.outcome == ACCEPTED
            self.sent.model_is_gone |= reply.outcome in MODEL_GONE
            if reply.outcome == THROTTLED:
                self.sent.throttled += 1
                self.throttled_seconds.add(int(self._now()))
                self._pace_changed.notify()
            self._slot_changed.notify()

    def _fail(self) -> None:
        with self._changed:
            self._has_failed = True
            self._wake_all()

    def _wake_all(self) -> None:
        for condition in (self._changed, self._slot_changed, self._pace_changed):
            condition.notify_all()

    def _is_over(self) -> bool:
        return self._has_failed or self.sent.model_is_gone or self._now() >= self._until
