"""Protects the answer during the scaling check: an error there ends the check, not the run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any

from iu_tuner.contract.errors import RunError
from lambdas.aws.logging import Handler, logger
from lambdas.experiments.scaling import RestartWith, ScalingSkipped
from lambdas.load.measured_step import MeasuredStep
from lambdas.models.lease_store import lease_store
from lambdas.runs.progress import Progress
from lambdas.runs.store import RunStore, run_store


def keep_answer_on_error(result_on_error: Mapping[str, Any]) -> Callable[[Handler], Handler]:
    """Turn a RunError during the scaling check into `result_on_error`, and record its cause.

    If another layer is ending the run, or the error is not a RunError, the state fails as usual.
    """

    def wrap(handler: Handler) -> Handler:
        @wraps(handler)
        def guarded(event: dict[str, Any], context: Any) -> Any:
            try:
                return handler(event, context)
            except RunError as error:
                store = run_store(event["runId"])
                run_and_progress = store.load_model_run_or_none()
                if run_and_progress is None or run_and_progress[1].units_wanted is None:
                    raise
                run, progress = run_and_progress
                lease_store().require_held(run.model_arn, run.run_id)
                logger.warning("the second measurement is given up", extra={"reason": str(error)})
                store.save_progress(replace(progress, scaling_error=error.sentence), phase="measuring")
                return dict(result_on_error)

        return guarded

    return wrap


def save_scaling_decision(store: RunStore, progress: Progress, move: object, steps: Sequence[MeasuredStep]) -> None:
    """Save the decision about the scaling check, if this move is one."""
    if isinstance(move, ScalingSkipped):
        store.save_progress(replace(progress, scaling_error=move.why))
    elif isinstance(move, RestartWith):
        restarting = progress.restarting(move.inference_units, probe_number=len(steps), now=time.time())
        store.save_progress(restarting, phase="starting")
