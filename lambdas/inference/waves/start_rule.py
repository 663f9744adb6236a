"""Whether uploads that wait start their model now. Pure. Times are in epoch seconds."""

from __future__ import annotations

from dataclasses import dataclass

from iu_tuner.contract.uploads.entry import StartAt
from lambdas.models.lease import Lease
from lambdas.models.status import ModelState

AFTER_FAILURE_S = 3600.0  # a run that failed or was aborted is not repeated at once
AFTER_LIMIT_S = 24 * 3600.0  # after its start: the limits of a run are those of a day if it reaches them
MOMENT_S = 0.001  # the times of executions are in milliseconds


@dataclass(frozen=True)
class LastRun:
    """The last run that was started for these uploads. `ended_at` is None as long as it goes on.

    `has_same_input` is whether a run that starts now would get the same input.
    """

    started_at: float
    ended_at: float | None
    has_succeeded: bool = False
    reached_limit: bool = False
    has_same_input: bool = True

    @property
    def next_at(self) -> float:
        """The earliest time of the next run. New terms are a new decision, so nothing is held off then."""
        if self.ended_at is None:
            return float("inf")
        if not self.has_same_input:
            return self.ended_at
        if self.reached_limit:
            return max(self.ended_at, self.started_at + AFTER_LIMIT_S)
        return self.ended_at if self.has_succeeded else self.ended_at + AFTER_FAILURE_S


def wave_began_at(waiting_since: float, last_run: LastRun | None) -> float:
    """When the uploads that wait now were first seen. What a run has left counts from the moment after it."""
    return max(waiting_since, last_run.ended_at + MOMENT_S if last_run and last_run.ended_at is not None else 0.0)


def should_start(
    terms: StartAt,
    visible: int,
    waiting_since: float | None,
    state: ModelState | None,
    lease: Lease | None,
    last_run: LastRun | None,
    now: float,
) -> bool:
    """Whether a run starts the model now for so many `visible` messages, the first of which was seen `waiting_since`.

    A model that another run holds, or that runs or starts already, needs no start.
    """
    if state is None or not state.is_startable or lease is not None or not visible or waiting_since is None:
        return False
    if last_run is not None and now < last_run.next_at:
        return False
    is_old = now - wave_began_at(waiting_since, last_run) >= terms.oldest_seconds
    return visible >= terms.images or is_old
