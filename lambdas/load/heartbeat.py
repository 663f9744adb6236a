"""A worker's heartbeat: the seconds in which it stalled, the CPU time that it used, the bytes that it moved.

A worker stalls if it does not run when something is due: it gets no CPU, it is stopped, or one of its threads
blocks the others. Then the client, not the model, decides the counts of that second.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

BEAT_INTERVAL_S = 0.02  # interval of beats
STALL_S = 0.25  # a longer time between two beats is a stall
MIN_LOAD_S = 1.0  # seconds of load that a CPU share or a byte rate needs


@dataclass(frozen=True)
class Beat:
    """A worker's CPU seconds and bytes on the wire up to a time, in seconds since the step's start."""

    at_s: float
    cpu_s: float = 0.0
    on_wire: int = 0


@dataclass
class Heartbeat:
    """The beats of a worker in one step."""

    _first_beat: Beat | None = None
    _last_beat: Beat | None = None
    _last_s: float | None = None
    _stalled: set[int] = field(default_factory=set)

    def beat(self, latest: Beat, until_s: float) -> None:
        """Record a beat. Call it every BEAT_INTERVAL_S, beginning before the start. The load ends at `until_s`."""
        due_s = max(0.0, latest.at_s if self._last_s is None else self._last_s + BEAT_INTERVAL_S)
        late_s = 0.0 if self._last_s is None else latest.at_s - self._last_s
        self._last_s = latest.at_s
        if late_s > STALL_S and due_s < min(latest.at_s, until_s):
            self._stalled.update(range(math.floor(due_s), math.floor(min(latest.at_s, until_s)) + 1))
        if 0 <= latest.at_s <= until_s:
            self._first_beat = self._first_beat or latest
            self._last_beat = latest

    @property
    def stalled(self) -> list[int]:
        """The seconds that contain a stall, in order."""
        return sorted(self._stalled)

    @property
    def cpu_share(self) -> float:
        """CPU seconds per second of load."""
        seconds, cpu_s, _ = self._used_under_load()
        return cpu_s / seconds if seconds >= MIN_LOAD_S else 0.0

    @property
    def bytes_per_s(self) -> float:
        """Bytes sent and received per second of load."""
        seconds, _, on_wire = self._used_under_load()
        return on_wire / seconds if seconds >= MIN_LOAD_S else 0.0

    def _used_under_load(self) -> tuple[float, float, int]:
        first, last = self._first_beat, self._last_beat
        if first is None or last is None:
            return 0.0, 0.0, 0
        return last.at_s - first.at_s, last.cpu_s - first.cpu_s, last.on_wire - first.on_wire


def spoilt_seconds(stalled: Sequence[int], throttled: Sequence[int]) -> set[int]:
    """The seconds that do not count: those with a stall, and those that its effect reaches.

    During a stall, burst credit builds up and queues empty. The next throttle proves that this is over, as the first
    one of the step does. Without a throttle, one more second is left out. Only the client's clock and throttles decide
    which seconds are left out, never the accepted requests, so that the choice does not bias the rate.
    """
    spoilt = set[int]()
    for second in stalled:
        throttles = (later for later in range(second + 1, len(throttled)) if throttled[later])
        spoilt.update(range(second, next(throttles, second + 1) + 1))
    return spoilt
