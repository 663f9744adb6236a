"""Sends one worker's load: one thread per lane, a common start, and counts in a `WorkerStep`."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from iu_tuner.contract.errors import InternalError
from lambdas.load.counts import WorkerCounts
from lambdas.load.heartbeat import BEAT_INTERVAL_S, Beat
from lambdas.load.step import StepPlan
from lambdas.load.worker_step import ImageCycle, Lane, WorkerStep
from lambdas.models.outcomes import ACCEPTED, DENIED, MODEL_GONE, Reply
from lambdas.models.ports import Connection, PreparedRequest

CHECK_INTERVAL_S = 2.0  # interval of the checks for an active run: the load may outlast its run by about this time
LAST_CHECK_BEFORE_START_S = 0.3  # the first check is this long before the common start
# Outcomes that end the step, since further requests would have the same outcome.
FATAL_ERRORS = MODEL_GONE | {DENIED}


class LoadGenerator:
    """The load of one worker in one step, with one connection per lane."""

    def __init__(
        self, plan: StepPlan, worker: int, connections: Sequence[Connection], requests: Sequence[PreparedRequest]
    ) -> None:
        self._plan = plan
        self._connections = connections
        self._requests = requests
        self._lock = threading.Lock()
        self._worker = worker
        self._images = ImageCycle(len(requests), offset=worker * plan.lanes_of(0))

    def run(self, start_at: float, is_active: Callable[[], bool]) -> WorkerCounts:
        """Wait for the common start (epoch seconds), send the load, return the counts.

        It calls `is_active` every CHECK_INTERVAL_S, because a Lambda is not notified when its execution is aborted.

        Raises:
            InternalError: the number of requests on the wire differs from the number recorded.
        """
        requests_before = [connection.requests_on_wire for connection in self._connections]
        self._start_s = time.perf_counter() + (start_at - time.time())
        self._step = WorkerStep(self._plan, self._worker, ready_s=self._now())
        self._paced_times = self._step.paced_times()
        threads = [
            threading.Thread(target=self._run_lane, args=(index, connection))
            for index, connection in enumerate(self._connections)
        ]
        load_has_ended = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(is_active, load_has_ended))
        heartbeat = threading.Thread(target=self._keep_beating, args=(load_has_ended,))
        for thread in (heartbeat, watcher, *threads):
            thread.start()
        for thread in threads:
            thread.join()
        load_has_ended.set()
        watcher.join()
        heartbeat.join()
        counts = self._step.counts()
        on_wire = sum(c.requests_on_wire for c in self._connections) - sum(requests_before)
        recorded = sum(counts.accepted) + sum(counts.throttled) + sum(counts.failed)
        if on_wire != recorded:
            raise InternalError(f"{on_wire} requests left the worker and {recorded} were recorded")
        return counts

    def _watch(self, is_active: Callable[[], bool], load_has_ended: threading.Event) -> None:
        # The first check is just before the common start, which may be many seconds away.
        pause_s = max(0.0, -self._now() - LAST_CHECK_BEFORE_START_S)
        while not load_has_ended.wait(pause_s):
            if not is_active():
                with self._lock:
                    self._step.stop(self._now())
                return
            pause_s = CHECK_INTERVAL_S

    def _keep_beating(self, load_has_ended: threading.Event) -> None:
        while not load_has_ended.wait(BEAT_INTERVAL_S):
            on_wire = sum(connection.bytes_on_wire for connection in self._connections)
            with self._lock:
                self._step.beat(Beat(self._now(), time.process_time(), on_wire))

    def _is_stopped(self) -> bool:
        with self._lock:
            return self._step.is_stopped

    def _run_lane(self, index: int, connection: Connection) -> None:
        if index < self._plan.lanes_of(self._worker):
            self._run_closed_loop(connection)
        self._send_evenly(connection)

    def _run_closed_loop(self, connection: Connection) -> None:
        lane = Lane(self._plan.lanes)
        self._sleep_until(0.0)
        while self._may_send():
            sent_s, done_s, reply = self._send(connection)
            pause_s = lane.backoff_s(reply.outcome, done_s - sent_s, random.random())
            with self._lock:
                self._step.add_busy_time(done_s - sent_s + pause_s)
            if pause_s:
                time.sleep(pause_s)

    def _send_evenly(self, connection: Connection) -> None:
        for planned_s in self._remaining_paced_times():
            self._sleep_until(planned_s)
            if self._is_stopped():
                return
            self._send(connection, planned_s)

    def _remaining_paced_times(self) -> Iterator[float]:
        while True:
            with self._lock:
                planned_s = next(self._paced_times, None)
            if planned_s is None or self._now() > self._plan.longest_s:
                return
            yield planned_s

    def _may_send(self) -> bool:
        with self._lock:
            return self._step.is_active(self._now())

    def _send(self, connection: Connection, planned_s: float | None = None) -> tuple[float, float, Reply]:
        with self._lock:
            image = self._images.take()
        sent_s = self._now()
        reply = connection.send(self._requests[image])
        done_s = self._now()
        with self._lock:
            self._step.record(reply.outcome, sent_s, done_s, planned_s)
            if reply.outcome != ACCEPTED:
                self._images.requeue(image)
            if reply.outcome in FATAL_ERRORS:
                self._step.stop(done_s)
        return sent_s, done_s, reply

    def _sleep_until(self, second: float) -> None:
        if (remaining_s := second - self._now()) > 0:
            time.sleep(remaining_s)

    def _now(self) -> float:
        """Seconds since the step's common start."""
        return time.perf_counter() - self._start_s
