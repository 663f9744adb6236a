"""Starting a model under a lease: what is about to be asked for is written down first.

So that a run which is ended at this very moment leaves no start behind that nobody knows of.
"""

from __future__ import annotations

import time

from lambdas.models.lease import Lease
from lambdas.models.lease_store import lease_store
from lambdas.models.rekognition.control_plane import RekognitionModel
from lambdas.models.status import ModelState


def start(model: RekognitionModel, lease: Lease, state: ModelState, inference_units: int) -> None:
    """Ask for a start of a model that was seen in this state; only the next look tells what came of it.

    Raises:
        ModelLost: the run is being ended; nothing was asked for.
        ModelNotStartable: it is FAILED, and the start was refused.
        ModelStartFailed, ModelNotFound, AccessDenied: refused for good.
    """
    lease_store().note(lease.with_start_requested(time.time()))
    # Even if it is refused: that may be the second attempt, after a lost answer.
    model.start(inference_units, failed=state if state.status == "FAILED" else None)


def restart(model: RekognitionModel, lease: Lease) -> None:
    """Stop a running model, to start it with other inference units.

    Raises:
        ModelLost: the run is being ended; nothing was asked for. ModelNotFound, AccessDenied.
    """
    lease_store().note(lease.asking_to_restart(time.time()))
    model.stop()
