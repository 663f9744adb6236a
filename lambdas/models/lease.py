"""The lease: which run tests a model now, and what it owes the model when it ends.

One run per model at a time. Whoever ends the run (the state machine itself, or a layer of the safety
net) reads the lease, makes one move after the other towards what is owed, and then releases it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from iu_tuner.contract.choices import AfterRun
from lambdas.models.status import MAX_START_ATTEMPTS, ModelState
from lambdas.models.timeline import UNSEEN, Timeline

Owed = Literal["nothing", "stop", "restore", "apply"]
CleanupAction = Literal["done", "wait", "stop", "start", "give-up"]

# What a run asked for may still reach the service: its Lambda lives up to a minute, and may have been cut off
# before the answer. So long after it, a model that is seen unchanged proves nothing.
MAX_REQUEST_DELAY_S = 90.0
RETRY_START_AFTER_S = 30.0


@dataclass(frozen=True)
class Lease:
    """Who tests this model, since when, how it was found, and what is owed to it.

    Nothing is owed before the model was looked at: the run has not touched it. Until there is an answer, and
    whenever there will be none, a run that shall apply its answer owes a stop.
    """

    model_arn: str
    run_id: str
    execution_arn: str
    started_at: str  # ISO 8601, UTC
    max_minutes: float
    after_run: AfterRun
    project_arn: str | None = None
    status_found: str | None = None
    units_found: int | None = None
    max_units_found: int | None = None
    owes: Owed = "nothing"
    restarted: bool = False  # the run itself stopped a running model, to start it with other inference units
    start_asked_at: float | None = None  # epoch seconds, of the last start that was asked for
    stop_asked_at: float | None = None  # the same, of a stop that is part of a restart
    closing: bool = False  # the run is over: it may not start the model any more
    min_units_decided: int | None = None  # what `owes` "apply" means
    max_units_decided: int | None = None
    apply_starts: int = 0  # how often the model was asked to start with them
    not_applied: str | None = None  # why a run that should have applied its answer did not, or gave up

    def apply_arrived(self, seen: Timeline) -> bool:
        """Whether the model was seen on its way to the units decided."""
        return self.apply_starts > 0 and seen.start_arrived(self.start_asked_at)

    def with_initial_state(self, project_arn: str, state: ModelState) -> Lease:
        """The lease with the model as it was found, and what is owed from now on."""
        gets_back = self.after_run == "restore" and state.status in ("RUNNING", "STARTING")
        return replace(
            self,
            project_arn=project_arn,
            status_found=state.status,
            units_found=state.min_inference_units,
            max_units_found=state.max_inference_units,
            owes="restore" if gets_back else "stop",
        )

    def start_pending(self, now: float, seen: Timeline) -> bool:
        """Was a start asked for that may well be on its way? Another would then arrive after the next stop."""
        return not seen.start_arrived(self.start_asked_at) and now < (self.start_asked_at or 0) + RETRY_START_AFTER_S

    def with_start_requested(self, now: float) -> Lease:
        """Before a start is asked for. What the run itself has started is the run's to stop."""
        return replace(self, start_asked_at=now, owes=self.owes if self.restarted else "stop")

    def with_restart_requested(self, now: float) -> Lease:
        """Before a running model is stopped, to be started with other inference units."""
        return replace(self, restarted=True, stop_asked_at=now)

    def with_stop_requested(self, now: float) -> Lease:
        """Before a stop is asked for on the way to what is owed."""
        return replace(self, stop_asked_at=now)

    def is_overdue(self, now: float) -> bool:
        """Is it older than its run may take?"""
        return now - datetime.fromisoformat(self.started_at).timestamp() > 60 * self.max_minutes

    def next_move(self, state: ModelState, now: float, seen: Timeline = UNSEEN) -> CleanupAction:
        """The next move towards what is owed; `done`: nothing is owed any more.

        `state` is the model as of `now`, `seen` what was seen of it, that look included.
        `give-up`: the units decided can't be applied; a stop is owed from now on.
        """
        if self.owes == "nothing":
            return "done"
        if self.owes == "apply":
            return self._reconcile_applied(state, now, seen)
        if self.owes == "restore":
            return self._reconcile_restored(state, now, seen)
        if state.status == "STOPPING":
            return "wait"
        if state.costs_money:
            return "stop"
        # FAILED is what came of a start, unless the model was found so.
        came_of_it = state.status == "FAILED" and self.status_found != "FAILED"
        may_arrive = not seen.start_arrived(self.start_asked_at) and _is_recent(self.start_asked_at, now)
        return "wait" if may_arrive and not came_of_it else "done"

    def giving_up(self, why: str) -> Lease:
        """A run that should have applied its answer, and does not."""
        return replace(self, owes="stop", not_applied=why)

    def why_given_up(self, state: ModelState) -> str:
        """What to say of a model that can't be made to run with the units decided."""
        least, most = self.min_units_decided, self.max_units_decided
        said = f"{state.status}{f' ({state.message})' if state.message else ''}"
        if state.status == "RUNNING":
            got = f"{state.min_inference_units} to {state.max_inference_units or state.min_inference_units}"
            return f"it was started with {least} to {most} inference units and runs with {got}"
        if self.apply_starts:
            return f"it was asked to start with {least} to {most} inference units and is {said}"
        return f"it is {said}, which does not allow a start"

    def _reconcile_applied(self, state: ModelState, now: float, seen: Timeline) -> CleanupAction:
        if state.status == "RUNNING":
            most = state.max_inference_units or state.min_inference_units
            if (state.min_inference_units, most) == (self.min_units_decided, self.max_units_decided):
                return "done"
            return "give-up" if self.apply_starts else "stop"
        if state.costs_money or (self.start_pending(now, seen) and state.status != "FAILED"):
            return "wait"
        # It failed, or was stopped by somebody else, after it had been on its way; or nothing comes of asking.
        failed = state.status == "FAILED" and self.apply_starts > 0
        is_over = failed or self.apply_arrived(seen) or self.apply_starts >= MAX_START_ATTEMPTS
        return "give-up" if is_over or not state.is_startable else "start"

    def _reconcile_restored(self, state: ModelState, now: float, seen: Timeline) -> CleanupAction:
        as_found = (self.units_found or 1, self.max_units_found)
        if state.status == "RUNNING" and not self.restarted:
            return "done"
        if state.status == "RUNNING":
            is_as_found = (state.min_inference_units, state.max_inference_units) == as_found
            if is_as_found:
                arrived = seen.stop_arrived(self.stop_asked_at)
                return "wait" if not arrived and _is_recent(self.stop_asked_at, now) else "done"
            return "stop"
        if state.costs_money:
            return "wait"
        # Stopped by somebody else, it stays stopped: whoever did it wanted to save the money.
        return "start" if self.restarted and state.is_startable else "done"


def _is_recent(asked_at: float | None, now: float) -> bool:
    return asked_at is not None and now < asked_at + MAX_REQUEST_DELAY_S
