"""The lease: the run that tests a model now, and the cleanup that the model needs when the run ends.

A model has one run at a time. The state machine, or another layer of the safety net, ends the run: it reads the
lease, makes one move after the other until the cleanup is done, and then releases the lease.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from iu_tuner.contract.choices import AfterRun
from lambdas.models.status import MAX_START_ATTEMPTS, ModelState
from lambdas.models.timeline import EMPTY_TIMELINE, Timeline

RunKind = Literal["measure", "process", "serve"]
Owed = Literal["nothing", "stop", "restore", "apply"]
CleanupAction = Literal["done", "wait", "stop", "start", "give-up"]

# A start or stop may take effect this long after the call: the Lambda runs for up to a minute, and may end before the
# reply. Within this time an unchanged status is inconclusive.
MAX_REQUEST_DELAY_S = 90.0
RETRY_START_AFTER_S = 30.0
RENEWAL_S = 15 * 60.0  # a run that renews its lease does so at each state, and the longest one takes 10 minutes


@dataclass(frozen=True)
class Lease:
    """The run that tests this model, its start, the model's initial state, and the cleanup that the lease asks for.

    The lease asks for no cleanup until the run has read the model's status, as the run has not touched it before.
    With `after_run` "apply", it asks for a stop until the run has an answer, and if the run gets none.
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
    restarted: bool = False  # the run stopped a running model to start it with other inference units
    start_asked_at: float | None = None  # epoch seconds of the last request to start
    stop_asked_at: float | None = None  # epoch seconds of the last request to stop as part of a restart
    closing: bool = False  # the run is over and must not start the model any more
    min_units_decided: int | None = None  # the inference units to apply if `owes` is "apply"
    max_units_decided: int | None = None
    apply_starts: int = 0  # number of requests to start with these units
    not_applied: str | None = None  # the reason why a run did not apply its answer
    kind: RunKind = "measure"  # what the run does with the model
    renewed_at: float | None = None  # epoch seconds at which a run that may take many hours renewed it
    ends_serving: bool = False  # a run for uploads lets no more of them in, and is about to stop the model

    @property
    def sentence(self) -> str:
        """Who uses the model, and since when."""
        activity = "testing" if self.kind == "measure" else "using"
        return f"The run {self.run_id} has been {activity} this model since {self.started_at}"

    def has_apply_arrived(self, timeline: Timeline) -> bool:
        """Whether a status check showed that the model is starting with the units decided, or runs with them."""
        return self.apply_starts > 0 and timeline.has_start_arrived(self.start_asked_at)

    def with_initial_state(self, project_arn: str, state: ModelState) -> Lease:
        """The lease with the model's initial state and the cleanup for it."""
        gets_back = self.after_run == "restore" and state.status in ("RUNNING", "STARTING")
        return replace(
            self,
            project_arn=project_arn,
            status_found=state.status,
            units_found=state.min_inference_units,
            max_units_found=state.max_inference_units,
            owes="restore" if gets_back else "stop",
        )

    def is_start_pending(self, now: float, timeline: Timeline) -> bool:
        """Whether a requested start may still take effect. A second one could then take effect after the next stop."""
        retry_at = (self.start_asked_at or 0) + RETRY_START_AFTER_S
        return not timeline.has_start_arrived(self.start_asked_at) and now < retry_at

    def with_start_requested(self, now: float) -> Lease:
        """The lease to save before a request to start. A run must stop a model that it has started."""
        return replace(self, start_asked_at=now, owes=self.owes if self.restarted else "stop")

    def with_restart_requested(self, now: float) -> Lease:
        """The lease to save before a running model is stopped to be started with other inference units."""
        return replace(self, restarted=True, stop_asked_at=now)

    def with_stop_requested(self, now: float) -> Lease:
        """The lease to save before a request to stop that is part of the cleanup."""
        return replace(self, stop_asked_at=now)

    def is_overdue(self, now: float) -> bool:
        """Whether the lease is older than its run may take, and was not renewed for a while."""
        latest_end = datetime.fromisoformat(self.started_at).timestamp() + 60 * self.max_minutes
        return now > max(latest_end, (self.renewed_at or 0.0) + RENEWAL_S)

    def next_move(self, state: ModelState, now: float, timeline: Timeline = EMPTY_TIMELINE) -> CleanupAction:
        """The next move of the cleanup. Returns `done` if the cleanup is complete.

        `state` is the model as of `now` (epoch seconds). `timeline` is its timeline up to and including this state.
        Returns `give-up` if the units decided can't be applied, so that the model must be stopped.
        """
        if self.owes == "nothing":
            return "done"
        if self.owes == "apply":
            return self._reconcile_applied(state, now, timeline)
        if self.owes == "restore":
            return self._reconcile_restored(state, now, timeline)
        if state.status == "STOPPING":
            return "wait"
        if state.costs_money:
            return "stop"
        # FAILED is the result of the start, unless the model was FAILED before the run.
        failed_by_start = state.status == "FAILED" and self.status_found != "FAILED"
        may_still_start = not timeline.has_start_arrived(self.start_asked_at) and _is_recent(self.start_asked_at, now)
        return "wait" if may_still_start and not failed_by_start else "done"

    def without_applying(self, reason: str) -> Lease:
        """The lease of a run that does not apply its answer, for this `reason`. It asks for a stop."""
        return replace(self, owes="stop", not_applied=reason)

    def reason_not_applied(self, state: ModelState) -> str:
        """The reason why the model does not run with the units decided, as a clause."""
        min_units, max_units = self.min_units_decided, self.max_units_decided
        status_clause = f"{state.status}{f' ({state.message})' if state.message else ''}"
        if state.status == "RUNNING":
            running_units = f"{state.min_inference_units} to {state.max_inference_units or state.min_inference_units}"
            return f"it was started with {min_units} to {max_units} inference units and runs with {running_units}"
        if self.apply_starts:
            return f"it was asked to start with {min_units} to {max_units} inference units and is {status_clause}"
        return f"it is {status_clause}, which does not allow a start"

    def _reconcile_applied(self, state: ModelState, now: float, timeline: Timeline) -> CleanupAction:
        if state.status == "RUNNING":
            max_units = state.max_inference_units or state.min_inference_units
            if (state.min_inference_units, max_units) == (self.min_units_decided, self.max_units_decided):
                return "done"
            return "give-up" if self.apply_starts else "stop"
        if state.costs_money or (self.is_start_pending(now, timeline) and state.status != "FAILED"):
            return "wait"
        # It failed, or another client stopped it after it had begun to start, or all attempts had no effect.
        failed = state.status == "FAILED" and self.apply_starts > 0
        is_over = failed or self.has_apply_arrived(timeline) or self.apply_starts >= MAX_START_ATTEMPTS
        return "give-up" if is_over or not state.is_startable else "start"

    def _reconcile_restored(self, state: ModelState, now: float, timeline: Timeline) -> CleanupAction:
        initial_units = (self.units_found or 1, self.max_units_found)
        if state.status == "RUNNING" and not self.restarted:
            return "done"
        if state.status == "RUNNING":
            has_initial_units = (state.min_inference_units, state.max_inference_units) == initial_units
            if has_initial_units:
                has_stopped = timeline.has_stop_arrived(self.stop_asked_at)
                return "wait" if not has_stopped and _is_recent(self.stop_asked_at, now) else "done"
            return "stop"
        if state.costs_money:
            return "wait"
        # A model that another client stopped stays stopped, as that client wanted to save its cost.
        return "start" if self.restarted and state.is_startable else "done"


def _is_recent(asked_at: float | None, now: float) -> bool:
    return asked_at is not None and now < asked_at + MAX_REQUEST_DELAY_S
