"""ApplyLoad: one of a step's workers. Carries its lanes of load and keeps its counts."""

from __future__ import annotations

from typing import Any

from lambdas.aws.logging import logged
from lambdas.experiments.image_variants import images_of, source_of
from lambdas.load.step import StepPlan
from lambdas.load.worker import load_worker
from lambdas.models.lease_store import lease_store
from lambdas.runs.store import run_store
from lambdas.tuning.load import target_of


@logged
def handler(event: dict[str, Any], _context: Any) -> None:
    """`{"runId", "step": as planned, "worker": 0, 1, …}` -> nothing; the counts are in the runs table."""
    store, step = run_store(event["runId"]), event["step"]
    plan = StepPlan.from_mapping(step)
    run, progress = store.known()
    book = lease_store()
    refused = {image.key for image in progress.refused_images}
    worker = load_worker(target_of(run), images_of(run, plan.series, refused), source_of(run, plan.series))
    book.require(run.model_arn, run.run_id)  # after all that takes time: a run that was ended meanwhile sends nothing
    counts = worker.carry(plan, event["worker"], step["startAt"], lambda: book.is_active(run.model_arn, run.run_id))
    store.put_counts(step["number"], event["worker"], counts)
