"""The times of a run as its watcher sees them: how long it has gone on, how long it may still take, the step's part.

They move between two looks at the run, as its load workers report only at the end of a step. So within a step all
numbers come from its plan and the clock: its seconds, the evenly paced requests that are due by now, and, where a rate
was measured, the requests that are accepted by now at that rate. It does not cover a step that was under way at the
first look, as its start is not known. Pure: the caller passes the time in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from iu_tuner.cli.aws.snapshot import Snapshot
from iu_tuner.contract.choices import Mode
from iu_tuner.contract.cost_estimate import EXPECTED_COMPARISON_MINUTES
from iu_tuner.contract.errors import RunError
from iu_tuner.contract.execution_input import ExecutionInput, parse_input
from iu_tuner.contract.output.live_run import CurrentStep

# Typical seconds from the first step to the last: the load (docs/accuracy.md has its mean) and the work between steps.
MEASURING_S: dict[Mode, float] = {"quick": 25.0, "standard": 60.0, "precise": 90.0}


class RunTimes:
    """Times of one run, by a clock of this machine that never goes back (`now`, in seconds)."""

    def __init__(self) -> None:
        self._started_at: float | None = None
        self._input: ExecutionInput | None = None
        self._phase: tuple[str, float] = ("", 0.0)
        self._step: CurrentStep | None = None
        self._step_seen: tuple[int, float] = (0, 0.0)
        self._tps: float | None = None
        self._first_seen_step: int | None = None

    def update(self, snapshot: Snapshot, now: float, today: datetime) -> None:
        """Save what is known of the run now. `today` is the wall clock's time, with which its start is compared."""
        progress = snapshot.run.progress if snapshot.run else None
        step = progress.step if progress else None
        if self._started_at is None:
            self._first_seen_step = step.number if step else None
            started = snapshot.execution.get("startDate")
            age_s = (today - started).total_seconds() if isinstance(started, datetime) else 0.0
            self._started_at = now - max(0.0, age_s)
            self._input = _execution_input(snapshot)
        phase = snapshot.run.phase if snapshot.run else "preparing"
        if phase != self._phase[0]:
            self._phase = (phase, now)
        is_known = step is not None and step.number != self._first_seen_step
        self._step = step if phase == "measuring" and is_known else None
        self._tps = progress.estimate.tps if progress and progress.estimate else None
        if step is not None and step.number != self._step_seen[0]:
            self._step_seen = (step.number, now)

    def sentence(self, now: float) -> str:
        """`0:42 elapsed, about 0:18 left; 3 of 4 s of this step, 75 %`; empty before the first look."""
        if self._started_at is None:
            return ""
        parts = [f"{_clock(now - self._started_at)} elapsed"]
        if left := self._time_left(now):
            parts.append(left)
        return "; ".join([", ".join(parts), *self._step_times(now)])

    def _time_left(self, now: float) -> str:
        """The time that is left: as usual while the run measures, at least the rest of the step's planned load.

        Otherwise it is what the run's limit allows.
        """
        if self._input is None or self._started_at is None:
            return ""
        if self._phase[0] == "measuring":
            left_s = max(_measuring_s(self._input) - (now - self._phase[1]), self._step_seconds_left(now))
            if left_s > 0:
                return f"about {_clock(left_s)} left"
        left_s = 60 * self._input.limits.max_minutes - (now - self._started_at)
        return f"at most {_clock(left_s)} left" if left_s > 0 else ""

    def _load_s(self, now: float) -> float:
        """The seconds since the step's load has started; negative before that."""
        starts_in_s = self._step.starts_in_seconds if self._step else None
        return now - self._step_seen[1] - (starts_in_s or 0.0)

    def _step_seconds_left(self, now: float) -> float:
        planned_s = self._step.planned_seconds if self._step else None
        return planned_s - self._load_s(now) if planned_s else 0.0

    def _step_times(self, now: float) -> Iterator[str]:
        """The seconds until the step's load starts, or its seconds and the requests that are expected by now."""
        step, elapsed_s = self._step, self._load_s(now)
        if step is None or not step.planned_seconds:
            return
        if elapsed_s < 0:
            yield f"this step starts in {-elapsed_s:.0f} s"
        elif step.longest_seconds is not None and elapsed_s > step.longest_seconds:
            yield "the load of this step is over, its counts follow"
        else:
            yield ", ".join(
                [_step_seconds(step, step.planned_seconds, elapsed_s), *_expected_requests(step, elapsed_s, self._tps)]
            )


def _step_seconds(step: CurrentStep, planned_s: float, elapsed_s: float) -> str:
    """The seconds of the step so far, of those that it takes; a throttled step is extended."""
    if elapsed_s <= planned_s:
        return f"{elapsed_s:.0f} of {planned_s:.0f} s of this step, {100 * elapsed_s / planned_s:.0f} %"
    limit_text = f" of at most {step.longest_seconds:.0f}" if step.longest_seconds else ""
    return f"{elapsed_s:.0f}{limit_text} s of this step"


def _expected_requests(step: CurrentStep, elapsed_s: float, tps: float | None) -> Iterator[str]:
    """The paced requests due by now, as planned; before a paced part, those accepted by now at the measured rate.

    The rate is that of the main search, so the other measurements are left out.
    """
    if step.paced_tps and step.paced_seconds and step.planned_seconds:
        paced_s = elapsed_s - (step.planned_seconds - step.paced_seconds)
        if paced_s > 0:
            due_requests, planned_requests = (
                step.paced_tps * min(each, step.paced_seconds) for each in (paced_s, step.paced_seconds)
            )
            yield f"{due_requests:,.0f} of {planned_requests:,.0f} paced requests due"
            return
    if tps and step.series is None:
        yield f"about {tps * elapsed_s:,.0f} accepted at the rate so far"


def _execution_input(snapshot: Snapshot) -> ExecutionInput | None:
    """The run's input. Returns None if it has none that can be read."""
    try:
        return parse_input(snapshot.input)
    except (RunError, ValueError):
        return None


def _measuring_s(execution_input: ExecutionInput) -> float:
    mode = execution_input.test.mode
    comparison_s = 60 * EXPECTED_COMPARISON_MINUTES[mode] if execution_input.images.compare else 0.0
    return MEASURING_S[mode] * (2 if execution_input.test.verify_scaling else 1) + comparison_s


def _clock(seconds: float) -> str:
    """Minutes and seconds, `1:05`."""
    minutes, remainder = divmod(int(seconds), 60)
    return f"{minutes}:{remainder:02}"
