"""The times of a run as its watcher sees them: how long it has gone on, how long it may still take, the step's seconds.

They move between two looks at the run, as its load workers report only at the end of a step. Pure: the caller passes
the time in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from iu_tuner.cli.aws.snapshot import Snapshot
from iu_tuner.contract.choices import Mode
from iu_tuner.contract.cost_estimate import EXPECTED_COMPARISON_MINUTES
from iu_tuner.contract.errors import RunError
from iu_tuner.contract.execution_input import ExecutionInput, parse_input
from iu_tuner.contract.output.live_run import StepUnderWay

# Typical seconds from the first step to the last: the load (docs/accuracy.md has its mean) and the work between steps.
MEASURING_S: dict[Mode, float] = {"quick": 25.0, "standard": 60.0, "precise": 90.0}


class RunTimes:
    """Times of one run, by a clock of this machine that never goes back (`now`, in seconds)."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._wanted: ExecutionInput | None = None
        self._phase: tuple[str, float] = ("", 0.0)
        self._step: StepUnderWay | None = None
        self._step_seen: tuple[int, float] = (0, 0.0)

    def see(self, snapshot: Snapshot, now: float, today: datetime) -> None:
        """Take note of a look at the run. `today` is the wall clock's time, with which its start is compared."""
        if self._began is None:
            started = snapshot.execution.get("startDate")
            ago = (today - started).total_seconds() if isinstance(started, datetime) else 0.0
            self._began = now - max(0.0, ago)
            self._wanted = _wanted(snapshot)
        phase = snapshot.run.phase if snapshot.run else "preparing"
        if phase != self._phase[0]:
            self._phase = (phase, now)
        step = snapshot.run.progress.step if snapshot.run and snapshot.run.progress else None
        self._step = step if phase == "measuring" else None
        if step is not None and step.number != self._step_seen[0]:
            self._step_seen = (step.number, now)

    def sentence(self, now: float) -> str:
        """`0:42 elapsed, about 0:18 left; 3 of 4 s of this step`; empty before the first look."""
        if self._began is None:
            return ""
        parts = [f"{_clock(now - self._began)} elapsed"]
        if left := self._left(now):
            parts.append(left)
        return "; ".join([", ".join(parts), *self._of_step(now)])

    def _left(self, now: float) -> str:
        """The time that is left: as usual while the run measures, otherwise what its limit allows."""
        if self._wanted is None or self._began is None:
            return ""
        if self._phase[0] == "measuring":
            left = _measuring_s(self._wanted) - (now - self._phase[1])
            if left > 0:
                return f"about {_clock(left)} left"
        left = 60 * self._wanted.limits.max_minutes - (now - self._began)
        return f"at most {_clock(left)} left" if left > 0 else ""

    def _of_step(self, now: float) -> Iterator[str]:
        """The seconds until the step's load starts, or those of its load, which a throttled step extends."""
        if self._step is None or self._step.planned_seconds is None:
            return
        gone, planned = now - self._step_seen[1] - (self._step.starts_in_seconds or 0.0), self._step.planned_seconds
        if gone < 0:
            yield f"this step starts in {-gone:.0f} s"
        else:
            yield f"{gone:.0f} of {planned:.0f} s of this step" if gone <= planned else f"{gone:.0f} s of this step"


def _wanted(snapshot: Snapshot) -> ExecutionInput | None:
    """The run's input. Returns None if it has none that can be read."""
    try:
        return parse_input(snapshot.input)
    except (RunError, ValueError):
        return None


def _measuring_s(wanted: ExecutionInput) -> float:
    mode = wanted.test.mode
    compared = 60 * EXPECTED_COMPARISON_MINUTES[mode] if wanted.images.compare else 0.0
    return MEASURING_S[mode] * (2 if wanted.test.verify_scaling else 1) + compared


def _clock(seconds: float) -> str:
    """Minutes and seconds, `1:05`."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"
