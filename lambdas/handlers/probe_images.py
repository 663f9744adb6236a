"""ProbeImages: send each image once, and drop those that the model refuses."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from lambdas.adapters.leases import lease_book
from lambdas.adapters.load_worker import load_worker
from lambdas.adapters.logs import logged
from lambdas.adapters.run_store import run_store


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"runId"}` -> `{}`; the probe's counts are step 0, the refused images part of the progress."""
    store = run_store(event["runId"])
    run, progress = store.known()
    worker = load_worker(run, run.images, run.source)
    lease_book().require(run)  # after all that takes time: a run that was ended meanwhile sends nothing
    began = time.time()
    probe = worker.probe()
    store.plan_step(0, probe.plan, began, 0.0)
    store.put_counts(0, 0, probe.counts)
    probe.check(images=len(run.images))
    store.note(replace(progress, refused_images=probe.refused), phase="measuring")
    return {}
