"""Sends load: each image once as a probe, then one worker's part of a step."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lambdas.experiments.image_variants import images_of, source_of
from lambdas.load.step import StepPlan
from lambdas.load.worker import LoadTarget, load_worker
from lambdas.models.lease_store import lease_store
from lambdas.runs.run import Run
from lambdas.runs.store import run_store


def probe_images(run_id: str) -> None:
    """Send each image once and save the counts; the run's progress lists the images that the model refuses.

    In the scaling check the probe only warms the model up, with the images of the first measurement.

    Raises:
        ModelLost, NoUsableImages, AccessDenied, InternalError
    """
    store = run_store(run_id)
    run, progress = store.load()
    is_second = progress.units_wanted is not None
    refused = {image.key for image in progress.refused_images} if is_second else ()
    images = tuple(image for image in run.images if image.key not in refused)
    worker = load_worker(_target(run), images, run.source)
    lease_store().require_held(run.model_arn, run_id)  # last: a run that has been ended sends nothing
    began = time.time()
    probe = worker.probe()
    plan = replace(probe.plan, series="scaling") if is_second else probe.plan
    store.plan_step(progress.probe_number, plan, began, 0.0)
    store.put_counts(progress.probe_number, 0, probe.counts)
    if not is_second:
        probe.check()
        store.save_progress(replace(progress, refused_images=probe.refused_images), phase="measuring")


def run_worker(run_id: str, step: Mapping[str, Any], worker: int) -> None:
    """Send a worker's part of the step that PlanStep planned, and save its counts.

    Raises:
        ModelLost, InternalError
    """
    store, leases = run_store(run_id), lease_store()
    plan = StepPlan.from_mapping(step)
    run, progress = store.load()
    refused = {image.key for image in progress.refused_images}
    sender = load_worker(_target(run), images_of(run, plan.series, refused), source_of(run, plan.series))
    leases.require_held(run.model_arn, run_id)  # last: a run that has been ended sends nothing
    counts = sender.run_step(plan, worker, step["startAt"], lambda: leases.is_active(run.model_arn, run_id))
    store.put_counts(step["number"], worker, counts)


def _target(run: Run) -> LoadTarget:
    return LoadTarget(run.run_id, run.model_arn, run.bucket, run.search_limits.lanes_per_worker)
