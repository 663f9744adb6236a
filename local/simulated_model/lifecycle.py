"""The lifecycle of one model version in explicit time: statuses, start and stop, billing."""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from local.simulated_model.errors import ServiceError, invalid_parameters
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.service import SimulatedService

STARTABLE = frozenset({"TRAINING_COMPLETED", "COPYING_COMPLETED", "STOPPED", "FAILED"})
BUSY = frozenset({"TRAINING_IN_PROGRESS", "COPYING_IN_PROGRESS", "STARTING", "RUNNING", "STOPPING", "DELETING"})
DEAD = frozenset({"TRAINING_FAILED", "COPYING_FAILED", "DEPRECATED", "EXPIRED"})
STATUSES = STARTABLE | BUSY | DEAD

STATUS_MESSAGES = {
    "TRAINING_IN_PROGRESS": "The model is being trained.",
    "TRAINING_COMPLETED": "The model is ready to run.",
    "TRAINING_FAILED": "The model could not be trained.",
    "STARTING": "The model is being deployed.",
    "RUNNING": "The model is running.",
    "FAILED": "The model could not be deployed.",
    "STOPPING": "The model is stopping.",
    "STOPPED": "The model is stopped.",
    "DELETING": "The model is being deleted.",
    "COPYING_IN_PROGRESS": "The model is being copied.",
    "COPYING_COMPLETED": "The model was copied, and is ready to run.",
    "COPYING_FAILED": "The model could not be copied.",
    "DEPRECATED": "The model can no longer be started.",
    "EXPIRED": "The model has expired.",
}


class Transition(NamedTuple):
    """One change of status."""

    at_s: float
    from_status: str
    to_status: str


@dataclass
class Run:
    """A period in RUNNING with the model's service; `to_s` is its end, or None if the model still runs."""

    from_s: float
    service: SimulatedService
    to_s: float | None = None

    def inference_unit_seconds(self, now_s: float) -> float:
        """The billed inference-unit seconds up to `now_s`, including autoscaled units."""
        end_s = now_s if self.to_s is None else self.to_s
        changes = [(self.from_s, self.service.units_at_start), *self.service.unit_changes, (end_s, 0)]
        return sum(units * (next_s - at_s) for (at_s, units), (next_s, _) in pairwise(changes))


class Lifecycle:
    """The lifecycle of one model version. Every method takes the current time, which must never decrease."""

    def __init__(
        self,
        truth: ModelTruth,
        now_s: float,
        status: str = "STOPPED",
        inference_units: int | None = None,
        max_inference_units: int | None = None,
    ) -> None:
        self.truth = truth
        self.status = status
        self.transitions: list[Transition] = []
        self.runs: list[Run] = []
        self.min_inference_units = inference_units
        self.max_inference_units = max_inference_units
        self._starts = self._stops = self._failed_stops = 0
        self._next: tuple[float, str] | None = None
        if status in ("STARTING", "RUNNING", "STOPPING"):
            self.min_inference_units = inference_units or 1
        self._enter(status, now_s)

    @property
    def service(self) -> SimulatedService | None:
        """The data plane if the model is RUNNING as of the last call, otherwise None."""
        return self.runs[-1].service if self.status == "RUNNING" else None

    def advance(self, now_s: float) -> str:
        """The current status, after the transitions that fell due since the last call."""
        while self._next is not None and self._next[0] <= now_s:
            at_s, status = self._next
            self._move(status, at_s)
        return self.status

    def start(self, now_s: float, min_inference_units: int, max_inference_units: int | None = None) -> bool:
        """Start the model. Returns False if the reply gets lost. Raises ServiceError if the model can't start."""
        status = self.advance(now_s)
        if max(min_inference_units, max_inference_units or 0) > self.truth.most_units:
            raise ServiceError(
                "LimitExceededException", f"The maximum number of inference units per model is {self.truth.most_units}."
            )
        if status in DEAD or (status == "FAILED" and self.truth.failed_for_good):
            raise invalid_parameters(f"The model can't be started in status {status}.")
        if status not in STARTABLE:
            raise ServiceError("ResourceInUseException", f"The model is in use: its status is {status}.")
        self.min_inference_units = min_inference_units
        self.max_inference_units = max_inference_units
        self._starts += 1
        self._move("STARTING", now_s)
        return self._starts > self.truth.lost_replies

    def stop(self, now_s: float) -> bool:
        """Stop the model. Returns False if the reply gets lost. Raises ServiceError if the model can't stop."""
        status = self.advance(now_s)
        if status != "RUNNING":
            raise ServiceError("ResourceInUseException", f"The model is not running: its status is {status}.")
        if self._failed_stops < self.truth.stop_fails:
            self._failed_stops += 1
            raise ServiceError("InternalServerError", "Internal server error")
        self._stops += 1
        self._move("STOPPING", now_s)
        return self._stops > self.truth.lost_replies

    def lose(self, now_s: float) -> None:
        """Stop the model by itself, if it runs."""
        if self.advance(now_s) == "RUNNING":
            self._move("STOPPING", now_s)

    def inference_unit_seconds(self, now_s: float) -> float:
        """The billed inference-unit seconds so far: from each entry into RUNNING to the change to STOPPING."""
        return sum(run.inference_unit_seconds(now_s) for run in self.runs)

    def _move(self, status: str, at_s: float) -> None:
        self.transitions.append(Transition(at_s, self.status, status))
        if self.status == "RUNNING":
            self.runs[-1].to_s = at_s
        self.status = status
        self._enter(status, at_s)

    def _enter(self, status: str, at_s: float) -> None:
        self._next = None
        if status == "STARTING":
            self._next = self._end_of_start(at_s)
        elif status == "RUNNING":
            units = self.min_inference_units or 1
            service = SimulatedService(self.truth, units, self.max_inference_units, running_since_s=at_s)
            self.runs.append(Run(at_s, service))
            if self.truth.lost_after_s is not None:
                self._next = (at_s + self.truth.lost_after_s, "STOPPING")
        elif status == "STOPPING":
            self._next = (at_s + self.truth.stop_s, "STOPPED")

    def _end_of_start(self, at_s: float) -> tuple[float, str]:
        # The first starts hang, the next ones fail, and all others succeed.
        if self._starts <= self.truth.start_hangs and self.truth.start_hangs:
            return at_s + self.truth.start_hang_s, "FAILED"
        fails = self._starts <= self.truth.start_hangs + self.truth.start_fails
        fails = fails and bool(self.truth.start_fails)
        return at_s + self.truth.start_s, "FAILED" if fails else "RUNNING"
