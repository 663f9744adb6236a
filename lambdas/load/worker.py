"""A load worker with all that a step needs: prepared requests and open connections.

It is cached between invocations of the same Lambda environment, so that a later step starts at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from iu_tuner.contract.choices import Source
from lambdas.images.image import Image
from lambdas.images.selection import read_image, s3_client
from lambdas.load.counts import WorkerCounts
from lambdas.load.generator import LoadGenerator
from lambdas.load.probe import Probe
from lambdas.load.step import StepPlan
from lambdas.load.worker_step import WorkerStep
from lambdas.models.outcomes import Reply
from lambdas.models.ports import Connection, PreparedRequest
from lambdas.models.registry import detector_of, facts_of

PROBE_LANES = 4

PreparedRequests = Mapping[tuple[Source, str], PreparedRequest]  # by way of sending and image key


@dataclass(frozen=True)
class LoadTarget:
    """The model that a run loads, the bucket of its images, and the number of connections of a worker."""

    run_id: str
    model_arn: str
    bucket: str
    connections: int


class LoadWorker:
    """A worker's connections and requests. It reads the images from S3 unless their requests are in `prepared`."""

    def __init__(self, target: LoadTarget, images: Sequence[Image], source: Source, prepared: PreparedRequests) -> None:
        self._images = images
        self._service = facts_of(target.model_arn)
        detector = detector_of(target.model_arn)

        def request(image: Image) -> PreparedRequest:
            if source == "s3":
                return detector.request_with_object(target.bucket, image.key)
            return detector.request_with_bytes(read_image(s3_client(), target.bucket, image.key))

        new_images = [image for image in images if (source, image.key) not in prepared]
        with ThreadPoolExecutor(8) as threads:
            new_requests = list(threads.map(request, new_images))
        keys = [(source, image.key) for image in new_images]
        self.prepared = {**prepared, **dict(zip(keys, new_requests, strict=True))}
        self._requests = [self.prepared[source, image.key] for image in images]
        self._connections: list[Connection] = [detector.connection() for _ in range(target.connections)]

    def close(self) -> None:
        """Close the connections."""
        for connection in self._connections:
            connection.close()

    def run_step(self, plan: StepPlan, worker: int, start_at: float, is_active: Callable[[], bool]) -> WorkerCounts:
        """Send the part of worker 0, 1, … (`worker`) in a step, from `start_at` (epoch seconds), while `is_active`."""
        with ThreadPoolExecutor(len(self._connections)) as threads:
            list(threads.map(lambda connection: connection.connect(), self._connections))
        return LoadGenerator(plan, worker, self._connections, self._requests).run(start_at, is_active)

    def probe(self) -> Probe:
        """Send each image once, with up to PROBE_LANES concurrent requests."""
        lanes = min(PROBE_LANES, len(self._connections), len(self._requests))
        plan = StepPlan("probe", lanes, workers=1, base_s=0.0, extended_s=0.0, max_s=0.0)
        step, start_s, lock = WorkerStep(plan, 0), time.perf_counter(), threading.Lock()

        def lane(index: int) -> list[tuple[int, Reply]]:
            replies = []
            for image in range(index, len(self._requests), lanes):
                sent_s = time.perf_counter() - start_s
                reply = self._connections[index].send(self._requests[image])
                replies.append((image, reply))
                with lock:
                    step.record(reply.outcome, sent_s, time.perf_counter() - start_s)
            return replies

        with ThreadPoolExecutor(lanes) as threads:
            replies = [reply for lane_replies in threads.map(lane, range(lanes)) for reply in lane_replies]
        took_s = time.perf_counter() - start_s
        sorted_replies = sorted(replies, key=lambda indexed_reply: indexed_reply[0])
        replies_by_image = [(self._images[index], reply) for index, reply in sorted_replies]
        return Probe(plan, replace(step.counts(), seconds=took_s), replies_by_image, self._service)


# It holds one worker at most: that of the last run in this Lambda environment.
_cached_workers: dict[tuple[str, Source, tuple[Image, ...]], LoadWorker] = {}


def load_worker(target: LoadTarget, images: tuple[Image, ...], source: Source) -> LoadWorker:
    """The cached worker for a run's images. It is new if the run, the images or the way of sending changed."""
    key = (target.run_id, source, images)
    if key not in _cached_workers:
        prepared = [worker.prepared for (run_id, _, _), worker in _cached_workers.items() if run_id == target.run_id]
        close_cached()
        _cached_workers[key] = LoadWorker(target, images, source, prepared[0] if prepared else {})
    return _cached_workers[key]


def close_cached() -> None:
    """Close the connections of the cached worker and forget it."""
    while _cached_workers:
        _cached_workers.popitem()[1].close()
