"""Recommend: from all counts to max TPS, verdict and inference units."""

from __future__ import annotations

import time
from typing import Any

from lambdas.adapters.leases import lease_book
from lambdas.adapters.logs import logged
from lambdas.adapters.past_demand import kept_history
from lambdas.adapters.quotas import quotas_client, units_quota
from lambdas.adapters.run_store import run_store
from lambdas.capacity.applying import decided
from lambdas.capacity.comparison import compared_images
from lambdas.capacity.errors import InternalError
from lambdas.capacity.measured_step import load_of
from lambdas.capacity.measurement import Measurement
from lambdas.capacity.result import findings
from lambdas.capacity.scaling import scaling_of
from lambdas.capacity.search import next_move


@logged
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"runId"}` -> `{}`; the findings wait in the runs table until the model is settled.

    Raises:
        ModelLost: the answer shall be applied, but the run is being ended.
    """
    store = run_store(event["runId"])
    (run, progress), steps = store.known(), store.steps()
    found = next_move(load_of(steps, "main"), run.search_limits)
    if not isinstance(found, Measurement):
        raise InternalError("the counts ask for another step where none was planned - run again")
    scaling = scaling_of(run, progress, found, steps) if run.scaling_within else None
    refused = len(progress.refused_images)
    answer = findings(run, steps, found, kept_history(run), scaling, refused_images=refused)
    if images := compared_images(steps, run, progress, found, run.left(progress, time.time())):
        answer = {**answer, "imageComparison": images}
    store.put_findings(answer)
    if run.after_run == "apply":  # last: from here on, the model is owed the units of this answer
        book = lease_book()
        quota = units_quota(quotas_client())
        book.note(decided(book.require(run), answer["recommendation"], quota))
    return {}
