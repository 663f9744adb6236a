"""One worker's turn at one shard: the images without an outcome, and the files and the record that it leaves. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from iu_tuner.contract.batch.output import FailedImage, ManifestPart
from iu_tuner.contract.output.json_values import from_json, to_json
from lambdas.batch.shards.listed_object import ListedObject
from lambdas.batch.shards.names import failures_key, part_key
from lambdas.batch.shards.record import ShardRecord, Traffic


@dataclass(frozen=True)
class Flushed:
    """The record of a turn, and its files by key. The files are written first."""

    files: dict[str, bytes]
    record: ShardRecord


class ShardTurn:
    """The turn of a worker at a shard with these `objects`; `before` is the record of the turn before, if any."""

    def __init__(
        self, run_id: str, number: int, objects: Sequence[ListedObject], before: ShardRecord | None = None
    ) -> None:
        self._run_id, self._number, self._objects, self._before = run_id, number, objects, before
        self._lines: list[str] = []
        self._done = 0
        self._failures: list[FailedImage] = []
        self._current = 0
        self._left = set(range(len(objects)) if before is None else before.left)

    @property
    def size(self) -> int:
        """The number of images in the shard."""
        return len(self._objects)

    @property
    def open(self) -> list[tuple[int, ListedObject]]:
        """The images without an outcome, each with its position in the shard."""
        return [(position, self._objects[position]) for position in sorted(self._left)]

    def done(self, position: int, line: str) -> None:
        """Record the detections line of an image, without its end."""
        self._close(position)
        self._lines.append(line)
        self._done += 1

    def current(self, position: int, line: str | None = None) -> None:
        """Record that an image has a current result, with its detections line if it was read."""
        self._close(position)
        self._current += 1
        if line is not None:
            self._lines.append(line)

    def failed(self, position: int, failure: FailedImage) -> None:
        """Record that an image has no result."""
        self._close(position)
        self._failures.append(failure)

    def flush(self, traffic: Traffic) -> Flushed:
        """The files and the record. Images without an outcome are left."""
        old = self._before or ShardRecord(self._number, 0, len(self._objects), 0, 0, 0, 0, ())
        turn, files = old.turn + 1, dict[str, bytes]()
        part = _file(files, part_key(self._run_id, self._number, turn), self._lines)
        failures = [_as_line(failure) for failure in self._failures]
        failed = _file(files, failures_key(self._run_id, self._number, turn), failures)
        record = ShardRecord(
            self._number,
            turn,
            old.lines,
            old.current + self._current,
            old.done + self._done,
            old.failed + len(self._failures),
            old.temporary + sum(not failure.permanent for failure in self._failures),
            tuple(sorted(self._left)),
            old.parts + part,
            old.failures + failed,
            old.traffic.plus(traffic),
        )
        return Flushed(files, record)

    def following(self, record: ShardRecord) -> ShardTurn:
        """The turn after this one, whose record it is."""
        return ShardTurn(self._run_id, self._number, self._objects, record)

    def _close(self, position: int) -> None:
        self._left.remove(position)  # raises KeyError if an image would get a second outcome


def failures_of(content: bytes) -> list[FailedImage]:
    """The failed images of a file."""
    return [from_json(FailedImage, json.loads(line)) for line in content.decode().split("\n") if line]


def _as_line(failure: FailedImage) -> str:
    return json.dumps(to_json(failure))


def _file(files: dict[str, bytes], key: str, lines: Sequence[str]) -> tuple[ManifestPart, ...]:
    """Add a file with these lines, unless there are none. Returns its entry for the manifest."""
    if not lines:
        return ()
    files[key] = "".join(f"{line}\n" for line in lines).encode()
    return (ManifestPart(key, len(lines), sha256(files[key]).hexdigest()),)
