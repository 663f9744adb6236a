"""When a run's results came: the first and the last one, and how many in each part of the time between."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from lambdas.batch.shards.record import ShardRecord
from lambdas.batch.shards.store import ShardFiles

READERS = 16  # parts read at once
MAX_POINTS = 120  # of the chart on the report's page


@dataclass(frozen=True)
class ResultTimes:
    """Times in epoch seconds: `began_at` is when the first request with a result was sent.

    `points` are (seconds since `began_at`, results until then).
    """

    began_at: float
    ended_at: float
    points: tuple[tuple[float, int], ...]

    @property
    def seconds(self) -> float:
        """The seconds from the first request to the last result."""
        return self.ended_at - self.began_at


def result_times(files: ShardFiles, records: Sequence[ShardRecord], since: float) -> ResultTimes | None:
    """Read the parts of a run that started at `since`. Returns None if it has no result. Raises ClientError."""
    keys = [part.key for record in records for part in record.parts]
    return times_of(_lines(files, keys), since)


def times_of(lines: Iterable[str], since: float = 0.0) -> ResultTimes | None:
    """The times of the results in detections lines, without those before `since`. Returns None without any."""
    began_at, counts = None, Counter[int]()
    ended_at = 0.0
    for line in lines:
        values = json.loads(line)
        received_at = datetime.fromisoformat(values["at"]).timestamp()
        sent_at = received_at - values["ms"] / 1000
        if sent_at < since:  # of a run that this one resumes
            continue
        began_at = sent_at if began_at is None else min(began_at, sent_at)
        ended_at = max(ended_at, received_at)
        counts[int(received_at)] += 1
    return None if began_at is None else ResultTimes(began_at, ended_at, _points(counts, began_at, ended_at))


def _points(counts: Counter[int], began_at: float, ended_at: float) -> tuple[tuple[float, int], ...]:
    interval_s = max(1, -(-int(ended_at - began_at + 1) // MAX_POINTS))
    points, done = [(0.0, 0)], 0
    for second in range(int(began_at), int(ended_at) + 1):
        done += counts[second]
        point_at = min(second + 1.0, ended_at)
        if point_at == ended_at or (second - int(began_at)) % interval_s == interval_s - 1:
            points.append((round(point_at - began_at, 1), done))
    return tuple(points)


def _lines(files: ShardFiles, keys: Sequence[str]) -> Iterator[str]:
    with ThreadPoolExecutor(READERS) as threads:
        for start in range(0, len(keys), READERS):
            for content in threads.map(files.read, keys[start : start + READERS]):
                yield from (line for line in content.decode().split("\n") if line)
