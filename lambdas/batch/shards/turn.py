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
class TurnFiles:
    """The record of a turn, and its files by key. The files are written first."""

    files: dict[str, bytes]
    record: ShardRecord


class ShardTurn:
    """The turn of a worker at a shard with these `objects`, after the turn with `record_before`, if any."""

    def __init__(
        self, run_id: str, number: int, objects: Sequence[ListedObject], record_before: ShardRecord | None = None
    ) -> None:
        self._run_id, self._number, self._objects, self._record_before = run_id, number, objects, record_before
        self._lines: list[str] = []
        self._done_count = 0
        self._failures: list[FailedImage] = []
        self._current_count = 0
        self._open_positions = set(range(len(objects)) if record_before is None else record_before.left)

    @property
    def size(self) -> int:
        """The number of images in the shard."""
        return len(self._objects)

    @property
    def open_images(self) -> list[tuple[int, ListedObject]]:
        """The images without an outcome, each with its position in the shard."""
        return [(position, self._objects[position]) for position in sorted(self._open_positions)]

    def record_done(self, position: int, line: str) -> None:
        """Record the detections line of an image, without its end."""
        self._close(position)
        self._lines.append(line)
        self._done_count += 1

    def record_current(self, position: int, line: str | None = None) -> None:
        """Record that an image has a current result, with its detections line if it was read."""
        self._close(position)
        self._current_count += 1
        if line is not None:
            self._lines.append(line)

    def record_failure(self, position: int, failure: FailedImage) -> None:
        """Record that an image has no result."""
        self._close(position)
        self._failures.append(failure)

    def flush(self, traffic: Traffic) -> TurnFiles:
        """The files and the record. Images without an outcome are left."""
        old_record = self._record_before or ShardRecord(self._number, 0, len(self._objects), 0, 0, 0, 0, ())
        turn, files = old_record.turn + 1, dict[str, bytes]()
        part = _file(files, part_key(self._run_id, self._number, turn), self._lines)
        failures = [_as_line(failure) for failure in self._failures]
        failures_part = _file(files, failures_key(self._run_id, self._number, turn), failures)
        record = ShardRecord(
            self._number,
            turn,
            old_record.lines,
            old_record.current + self._current_count,
            old_record.done + self._done_count,
            old_record.failed + len(self._failures),
            old_record.temporary + sum(not failure.permanent for failure in self._failures),
            tuple(sorted(self._open_positions)),
            old_record.parts + part,
            old_record.failures + failures_part,
            old_record.traffic.plus(traffic),
        )
        return TurnFiles(files, record)

    def next_turn(self, record: ShardRecord) -> ShardTurn:
        """The turn after this one, whose record it is."""
        return ShardTurn(self._run_id, self._number, self._objects, record)

    def _close(self, position: int) -> None:
        self._open_positions.remove(position)  # raises KeyError if an image would get a second outcome


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
