"""What the states do differently while a run measures a second time, its answer known already."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any

from lambdas.adapters.leases import lease_book
from lambdas.adapters.logs import Handler, logger
from lambdas.adapters.run_store import RunStore, run_store
from lambdas.capacity.errors import RunError
from lambdas.capacity.measured_step import MeasuredStep
from lambdas.capacity.progress import Progress
from lambdas.capacity.scaling import NotScaled, Restart


def answer_stands(instead: Mapping[str, Any]) -> Callable[[Handler], Handler]:
    """An error in the second measurement ends that, not the run: the state answers `instead`, and it is noted why.

    A run that is being ended, and any error that is not a RunError, fail as everywhere.
    """

    def keeping(handler: Handler) -> Handler:
        @wraps(handler)
        def kept(event: dict[str, Any], context: Any) -> Any:
            try:
                return handler(event, context)
            except RunError as error:
                store = run_store(event["runId"])
                known = store.known_if_prepared()
                if known is None or known[1].units_wanted is None:
                    raise
                run, progress = known
                lease_book().require(run)
                logger.warning("the second measurement is given up", extra={"reason": str(error)})
                store.note(replace(progress, not_scaled=error.sentence), phase="measuring")
                return dict(instead)

        return kept

    return keeping


def note_scaling(store: RunStore, progress: Progress, move: object, steps: Sequence[MeasuredStep]) -> None:
    """Keep what was decided on the second measurement, if this move is about it."""
    if isinstance(move, NotScaled):
        store.note(replace(progress, not_scaled=move.why))
    elif isinstance(move, Restart):
        restarting = progress.restarting(move.inference_units, probe_number=len(steps), now=time.time())
        store.note(restarting, phase="starting")
