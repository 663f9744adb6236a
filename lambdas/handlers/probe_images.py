"""ProbeImages: send each image once, and drop those that the model refuses."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from lambdas.aws.logging import logged
from lambdas.load.worker import load_worker
from lambdas.models.lease_store import lease_store
from lambdas.runs.store import run_store
from lambdas.tuning.load import target_of
from lambdas.tuning.scaling_guard import keep_answer_on_error


@logged
@keep_answer_on_error({})
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"runId"}` -> `{}`; the probe's counts are step 0, the refused images part of the progress.

    With other inference units it only warms the model up: with the images that are measured with already.
    """
    store = run_store(event["runId"])
    run, progress = store.known()
    is_second = progress.units_wanted is not None
    refused = {image.key for image in progress.refused_images} if is_second else ()
    images = tuple(image for image in run.images if image.key not in refused)
    worker = load_worker(target_of(run), images, run.source)
    # After all that takes time: a run that was ended meanwhile sends nothing.
    lease_store().require(run.model_arn, run.run_id)
    began = time.time()
    probe = worker.probe()
    plan = replace(probe.plan, series="scaling") if is_second else probe.plan
    store.plan_step(progress.probe_number, plan, began, 0.0)
    store.put_counts(progress.probe_number, 0, probe.counts)
    if not is_second:
        probe.check()
        store.note(replace(progress, refused_images=probe.refused), phase="measuring")
    return {}
