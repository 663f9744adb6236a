"""The load of the load workers themselves: beyond a limit, a step measures the workers instead of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.load.counts import StepCounts

# A worker has one vCPU (Lambda with 1,769 MB). Beyond 70 % of it, requests wait for each other in the worker.
MAX_CPU_SHARE = 0.7
# AWS documents no network throughput of a Lambda; about 70 MB/s were observed.
MAX_BYTES_PER_S = 40_000_000
NOTABLE_STALL_SHARE = 0.05  # share of the seconds of load: if more are left out, the verdict says so


@dataclass(frozen=True)
class ClientLoad:
    """The busiest worker of a run, and the run's seconds of load: all of them, and those that a stall spoilt."""

    cpu_share: float = 0.0
    bytes_per_s: float = 0.0
    in_flight: int = 0  # concurrent requests of the busiest worker
    seconds: int = 0
    spoilt_seconds: int = 0

    @property
    def is_too_much(self) -> bool:
        """Whether the busiest worker came near its own limit."""
        return self.cpu_share > MAX_CPU_SHARE or self.bytes_per_s > MAX_BYTES_PER_S

    @property
    def sentence(self) -> str:
        """The clause about the workers' load in the verdict. Returns an empty text if nothing is notable."""
        if self.is_too_much:
            return (
                f"a load worker with {self.in_flight} requests in flight used {self.cpu_share:.0%} of its CPU"
                f" and moved {self.bytes_per_s / 1e6:.1f} MB/s"
            )
        if self.spoilt_seconds > NOTABLE_STALL_SHARE * self.seconds:
            return f"{self.spoilt_seconds} of {self.seconds} seconds were left out, as a load worker stalled in them"
        return ""

    @property
    def advice(self) -> str:
        """What to do if the workers, not the model, limit the rate."""
        lane_advice = "" if self.in_flight == 1 else "lower test.inFlightPerWorker, so that more workers share the load"
        image_advice = "use smaller images, or images.source s3" if self.is_too_much else ""
        return ", or ".join(filter(None, (lane_advice, image_advice))) + (
            ", and run again" if lane_advice or image_advice else "run again"
        )


def client_load(steps: Sequence[StepCounts]) -> ClientLoad:
    """The load of a run's workers, from all of its steps."""
    if not steps:
        return ClientLoad()
    busiest_step = max(steps, key=lambda step: max(step.cpu_share / MAX_CPU_SHARE, step.bytes_per_s / MAX_BYTES_PER_S))
    return ClientLoad(
        busiest_step.cpu_share,
        busiest_step.bytes_per_s,
        busiest_step.plan.lanes_of(0),
        sum(step.whole_seconds for step in steps),
        sum(step.spoilt_seconds for step in steps),
    )
