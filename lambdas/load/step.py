"""A step of load: the plan that goes out to the workers, and the counts that come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Phase = Literal["probe", "ramp", "look", "window", "precise", "latency", "confirm", "compare"]
# What a step's counts speak of: the answer itself, images sent another way or of one size class, more inference units.
Series = Literal["main", "bytes", "s3", "small", "medium", "large", "scaling"]

LOOKBACK_S = 2.0  # a worker that was throttled this recently extends its step
MIN_RECENT_THROTTLE_RATIO = 0.03  # of requests throttled lately: fewer are lanes that met by chance
LATE_S = 0.05  # a paced request sent later than this after its planned time is late
PACED_WARM_UP_S = 1.0  # at the start of a paced part, in which lanes still finish their closed loop: not judged


@dataclass(frozen=True)
class StepPlan:
    """Closed-loop lanes for `base_s` to `max_s` seconds, then, if `paced_tps`, evenly paced requests.

    A closed-loop lane sends its next request when the last is answered. A worker that is throttled
    at the end of `base_s` goes on, as long as it is throttled, to `extended_s`; one that is alone may go on to `max_s`.
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
        """The inverse of `as_mapping`; other keys are ignored, and a plan of before `series` has the default."""
        return cls(**{name: values[name] for name in cls.__dataclass_fields__ if name in values})

    def as_mapping(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @property
    def longest_s(self) -> float:
        """Seconds of load at the most, requests in flight at the end not counted."""
        return self.max_s + self.paced_s

    def lanes_of(self, worker: int) -> int:
        """How many of the lanes worker 0, 1, … runs."""
        share, rest = divmod(self.lanes, self.workers)
        return share + (worker < rest)
