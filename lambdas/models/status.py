"""The statuses of a model, and what each one means for starting, using and stopping it.

The control plane of each service translates its own statuses into these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from iu_tuner.contract.errors import ModelLost, ModelNotStartable, ModelStartFailed
from iu_tuner.contract.output.result import BILLED_STATUSES

MAX_START_ATTEMPTS = 10
MAX_LOOKS = 2_000  # status checks until RUNNING: each one adds nine events to a history of 25,000 at most
MAX_START_S = 45 * 60.0  # AWS documents 10 to 20 minutes; the AWS CLI's waiter gives up after 20

Move = Literal["start", "wait", "use", "restart"]

_MOVES: dict[str, Move] = {
    "TRAINING_COMPLETED": "start",
    "STOPPED": "start",
    "FAILED": "start",  # it may be startable: the service's reply to one attempt decides
    "COPYING_COMPLETED": "start",
    "STARTING": "wait",
    "STOPPING": "wait",
    "RUNNING": "use",
}
_ADVICE = {
    "TRAINING_IN_PROGRESS": "wait until its training is done",
    "TRAINING_FAILED": "train a new version",
    "DELETING": "choose another version",
    "COPYING_IN_PROGRESS": "wait until the copy is done",
    "COPYING_FAILED": "copy the version again",
    "DEPRECATED": "train a new version: AWS no longer runs this one",
    "EXPIRED": "train a new version: AWS no longer runs this one",
}
STATUSES = frozenset(_MOVES) | frozenset(_ADVICE)


@dataclass(frozen=True)
class ModelState:
    """A model's state as its service reports it."""

    status: str
    message: str = ""
    min_inference_units: int | None = None
    max_inference_units: int | None = None
    service_status: str = ""  # the service's own word for the status, if it is another one

    @property
    def auto_scales_to(self) -> int | None:
        """The maximum number of inference units. Returns None if the model does not auto-scale."""
        min_units, max_units = self.min_inference_units or 1, self.max_inference_units
        return max_units if max_units is not None and max_units > min_units else None

    @property
    def costs_money(self) -> bool:
        """Whether the model is billed, or about to be."""
        return self.status in BILLED_STATUSES

    @property
    def is_startable(self) -> bool:
        """Whether a start may be requested. A model that is FAILED may be started again."""
        return _MOVES.get(self.status) == "start"


def move_to_running(
    state: ModelState, *, attempts: int = 0, waited_s: float = 0.0, units: int | None = None, looks: int = 0
) -> Move:
    """The next move towards RUNNING, after `attempts` requests to start, `waited_s` seconds and `looks` status checks.

    `units` are the inference units that the model must run with. A model that runs with other units is restarted.
    With None, any number is accepted. A model that is FAILED at first gets one attempt.

    Raises:
        ModelNotStartable: the status does not allow a start.
        ModelStartFailed: the model was started, and then failed, stopped, or takes too long.
    """
    status_clause = f"{state.status}{f' ({state.message})' if state.message else ''}"
    move = _MOVES.get(state.status)
    if move == "use" and units is not None and state.min_inference_units != units:
        move = "restart"
    if attempts and (move is None or state.status == "FAILED"):
        raise ModelStartFailed(
            f"the model was started and is now {status_clause} - start it once in the console before you run again"
        )
    if move is None:
        advice = _ADVICE.get(state.status, "see the service's documentation for this status")
        raise ModelNotStartable(f"the model is {status_clause}, which does not allow a start - {advice}")
    if move == "start" and attempts >= MAX_START_ATTEMPTS:
        raise ModelStartFailed(
            f"the model is still {status_clause} after {attempts} attempts to start it - try it by hand"
        )
    if move != "use" and looks >= MAX_LOOKS:
        raise ModelStartFailed(f"the model is still {status_clause} after {looks} looks - try it by hand")
    if move == "wait" and waited_s > MAX_START_S:
        raise ModelStartFailed(f"the model is still {status_clause} after {waited_s / 60:.0f} minutes - try it by hand")
    return move


def require_running(state: ModelState) -> None:
    """Require that the model still runs, so that it can be measured.

    Raises:
        ModelLost: the model is not RUNNING any more.
    """
    if state.status != "RUNNING":
        raise ModelLost(
            f"the model went from RUNNING to {state.status} while it was measured"
            f"{f' ({state.message})' if state.message else ''} - make sure that nothing else stops it, then run again"
        )
