"""What each status of a model means for starting, using and stopping it.

Every service's control plane translates its own statuses into these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from iu_tuner.contract.errors import ModelLost, ModelNotStartable, ModelStartFailed
from iu_tuner.contract.output.result import BILLED_STATUSES

MAX_START_ATTEMPTS = 10
MAX_LOOKS = 2_000  # of a run at its starting model: nine events each of an execution's history, which ends at 25,000
MAX_START_S = 45 * 60.0  # AWS: "10-20 minutes"; the CLI's own waiter gives up after 20

Move = Literal["start", "wait", "use", "restart"]

_MOVES: dict[str, Move] = {
    "TRAINING_COMPLETED": "start",
    "STOPPED": "start",
    "FAILED": "start",  # it may be startable: what the service says to one attempt decides
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
    """A model as it was read back from its service."""

    status: str
    message: str = ""
    min_inference_units: int | None = None
    max_inference_units: int | None = None

    @property
    def auto_scales_to(self) -> int | None:
        """The most inference units it may scale to, when that is more than its minimum."""
        least, most = self.min_inference_units or 1, self.max_inference_units
        return most if most is not None and most > least else None

    @property
    def costs_money(self) -> bool:
        """Is it, or is it about to be, running?"""
        return self.status in BILLED_STATUSES

    @property
    def is_startable(self) -> bool:
        """May a start be asked for? One that failed to run may be tried again."""
        return _MOVES.get(self.status) == "start"


def move_to_running(
    state: ModelState, *, attempts: int = 0, waited_s: float = 0.0, units: int | None = None, looks: int = 0
) -> Move:
    """The next move towards RUNNING, after `attempts` calls to start, `waited_s` seconds and `looks` of waiting.

    `units` are the inference units it has to run with (None: whatever it runs with); a model that runs
    with others is restarted.

    A model that is found FAILED gets one attempt.

    Raises:
        ModelNotStartable: the status rules a start out.
        ModelStartFailed: it was started, and failed, fell back, or takes too long.
    """
    said = f"{state.status}{f' ({state.message})' if state.message else ''}"
    move = _MOVES.get(state.status)
    if move == "use" and units is not None and state.min_inference_units != units:
        move = "restart"
    if attempts and (move is None or state.status == "FAILED"):
        raise ModelStartFailed(
            f"the model was started and is now {said} - start it once in the console before you run again"
        )
    if move is None:
        advice = _ADVICE.get(state.status, "see the service's documentation for this status")
        raise ModelNotStartable(f"the model is {said}, which does not allow a start - {advice}")
    if move == "start" and attempts >= MAX_START_ATTEMPTS:
        raise ModelStartFailed(f"the model is still {said} after {attempts} attempts to start it - try it by hand")
    if move != "use" and looks >= MAX_LOOKS:
        raise ModelStartFailed(f"the model is still {said} after {looks} looks - try it by hand")
    if move == "wait" and waited_s > MAX_START_S:
        raise ModelStartFailed(f"the model is still {said} after {waited_s / 60:.0f} minutes - try it by hand")
    return move


def require_running(state: ModelState) -> None:
    """Is the model still there to be measured?

    Raises:
        ModelLost: it left RUNNING.
    """
    if state.status != "RUNNING":
        raise ModelLost(
            f"the model went from RUNNING to {state.status} while it was measured"
            f"{f' ({state.message})' if state.message else ''} - make sure that nothing else stops it, then run again"
        )
