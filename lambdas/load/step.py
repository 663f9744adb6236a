"""The plan of a step of load, which all of its workers get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Phase = Literal["probe", "ramp", "look", "window", "precise", "latency", "confirm", "compare"]
# The measurement that a step belongs to: the main search, one variant of the image comparison, or the scaling check.
Series = Literal["main", "bytes", "s3", "small", "medium", "large", "scaling"]

LOOKBACK_S = 2.0  # a worker that was throttled within these last seconds extends its step
MIN_RECENT_THROTTLE_RATIO = 0.03  # throttled share of the last seconds; a lower one comes from lanes that collide
LATE_AFTER_S = 0.05  # a paced request is late if it is sent this long after its planned time
PACED_WARM_UP_S = 1.0  # start of a paced part, which does not count, as lanes still finish their closed loop


@dataclass(frozen=True)
class StepPlan:
    """Closed-loop lanes for `base_s` to `max_s` seconds, and then, if `paced_tps` > 0, evenly paced requests.

    A closed-loop lane sends its next request after the reply to the last one. A worker that is throttled at the end of
    `base_s` goes on while it is throttled, up to `extended_s`. The only worker of a step may go on to `max_s`.
    """

    phase: Phase
    lanes: int
    workers: int
    base_s: float
    extended_s: float
    max_s: float
    paced_tps: float = 0.0
    paced_s: float = 0.0
    wait_s: float = 0.0
    series: Series = "main"

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> StepPlan:
        """The inverse of `as_mapping`. Ignores other keys. Plans stored before `series` was added get its default."""
        return cls(**{name: values[name] for name in cls.__dataclass_fields__ if name in values})

    def as_mapping(self) -> dict[str, Any]:
        """The fields as JSON values, by name."""
        return asdict(self)

    @property
    def longest_s(self) -> float:
        """Maximum seconds of load, without the time for the last replies."""
        return self.max_s + self.paced_s

    def lanes_of(self, worker: int) -> int:
        """The number of lanes that a worker (0, 1, …) runs."""
        lanes, extra_lanes = divmod(self.lanes, self.workers)
        return lanes + (worker < extra_lanes)
