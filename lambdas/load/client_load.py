"""How hard the load workers had to work: too hard, and a step shows what they can do, not what the model can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.load.counts import StepCounts

# A worker has one vCPU (1,769 MB of Lambda). Beyond 70 % of it, requests wait for each other in the worker.
MAX_CPU_SHARE = 0.7
# What a Lambda moves is not documented; about 70 MB/s have been seen.
MAX_BYTES_PER_S = 40_000_000
NOTABLE_STALLS = 0.05  # of the seconds of load: with more left out, the verdict says so


@dataclass(frozen=True)
class ClientLoad:
    """A run's hardest-working worker, and its seconds of load: all of them, and those spoilt by a stall."""

    cpu_share: float = 0.0
    bytes_per_s: float = 0.0
    in_flight: int = 0  # of a worker, when it used that CPU
    seconds: int = 0
    spoilt_seconds: int = 0

    @property
    def is_too_much(self) -> bool:
        """Did the worker come near what it can do?"""
        return self.cpu_share > MAX_CPU_SHARE or self.bytes_per_s > MAX_BYTES_PER_S

    @property
    def told(self) -> str:
        """What was measured, as a clause; empty: nothing of note."""
        if self.is_too_much:
            return (
                f"a load worker with {self.in_flight} requests in flight used {self.cpu_share:.0%} of its CPU"
                f" and moved {self.bytes_per_s / 1e6:.1f} MB/s"
            )
        if self.spoilt_seconds > NOTABLE_STALLS * self.seconds:
            return f"{self.spoilt_seconds} of {self.seconds} seconds were left out, as a load worker stalled in them"
        return ""

    @property
    def advice(self) -> str:
        """What to do when the workers set the pace."""
        fewer = "" if self.in_flight == 1 else "lower test.inFlightPerWorker, so that more workers share the load"
        smaller = "use smaller images, or images.source s3" if self.is_too_much else ""
        return ", or ".join(filter(None, (fewer, smaller))) + (", and run again" if fewer or smaller else "run again")


def client_load(steps: Sequence[StepCounts]) -> ClientLoad:
    """What the steps of a run say of its load workers."""
    if not steps:
        return ClientLoad()
    hardest = max(steps, key=lambda step: max(step.cpu_share / MAX_CPU_SHARE, step.bytes_per_s / MAX_BYTES_PER_S))
    return ClientLoad(
        hardest.cpu_share,
        hardest.bytes_per_s,
        hardest.plan.lanes_of(0),
        sum(step.whole_seconds for step in steps),
        sum(step.spoilt_seconds for step in steps),
    )
