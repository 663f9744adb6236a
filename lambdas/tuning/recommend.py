"""Computes the findings of a run from all counts, and saves them until the model is released."""

from __future__ import annotations

import time
from dataclasses import replace

from iu_tuner.contract.errors import InternalError
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.search import next_move
from lambdas.experiments.image_comparison import compared_images
from lambdas.experiments.scaling import scaling_of
from lambdas.load.measured_step import counts_of_series
from lambdas.models.lease_store import lease_store
from lambdas.models.registry import facts_of
from lambdas.planning.cloudwatch_demand import saved_history
from lambdas.runs.quotas import quotas_client, units_quota
from lambdas.runs.store import run_store
from lambdas.tuning.apply_answer import with_target_units
from lambdas.tuning.output import findings


def recommend(run_id: str) -> None:
    """Compute and save the findings; if the run applies its answer, decide the model's inference units.

    Raises:
        ModelLost: the answer is to be applied, but another layer is ending the run.
    """
    store = run_store(run_id)
    (run, progress), steps = store.load(), store.steps()
    measurement = next_move(counts_of_series(steps, "main"), run.search_limits)
    if not isinstance(measurement, Measurement):
        raise InternalError("the counts ask for another step where none was planned - run again")
    scaling = scaling_of(run, progress, measurement, steps) if run.scaling_quota else None
    refused = len(progress.refused_images)
    answer = findings(run, steps, measurement, saved_history(run), scaling, refused_images=refused)
    if images := compared_images(steps, run, progress, measurement, run.remaining(progress, time.time())):
        answer = replace(answer, image_comparison=images)
    store.save_measurement(answer)
    if run.after_run == "apply":  # last: from here on the lease asks for the units of this answer
        leases = lease_store()
        quota = units_quota(quotas_client(), facts_of(run.model_arn))
        held_lease = leases.require_held(run.model_arn, run_id)
        leases.save(with_target_units(held_lease, answer.recommendation, quota))
