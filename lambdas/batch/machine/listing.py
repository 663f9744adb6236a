"""ListImages and FindCurrent: what there is to do, before the model is started."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from iu_tuner.contract.batch.live_batch import LiveBatch
from iu_tuner.contract.batch.output import BatchImages
from lambdas.aws.settings import settings
from lambdas.batch.find_current import find_current
from lambdas.batch.listing.list_images import ListingState
from lambdas.batch.listing.listing import ImageListing
from lambdas.batch.machine.run import BatchRun, batch_store, files_of
from lambdas.batch.shards.record import Shards
from lambdas.batch.shards.resume import resume
from lambdas.models.lease_store import lease_store
from lambdas.models.registry import detector_of, facts_of
from lambdas.processing.image_result import Question, ResultKeys
from lambdas.processing.image_work import Processing
from lambdas.processing.outcomes import Rules
from lambdas.processing.result_store import ResultStore, s3_client

MAX_INVOCATION_S = 600.0  # of one invocation, which may take 15 minutes
_STATE = TypeAdapter(ListingState)


def list_images(run_id: str, state: Mapping[str, Any] | None) -> dict[str, Any]:
    """List on from `state`, None at first. Returns `{"listing": the next state, "listed": whether all is listed}`.

    Raises:
        InvalidInput, AccessDenied, NoUsableImages, ModelLost
    """
    store, now = batch_store(run_id), time.time()
    run = store.load().run
    lease_store().renew(run.model_arn, run_id, now)
    if run.input.resume is not None:
        earlier_id = run.input.resume
        store.shards.create(resume(batch_store(earlier_id).shards, files_of(earlier_id), files_of(run_id)))
        return {"listing": None, "listed": True}
    listing = ImageListing(s3_client(16), run_id, run.input, settings().image_bucket)
    next_state = listing.go_on(_STATE.validate_python(state or {}), _is_past(now + MAX_INVOCATION_S))
    if next_state.is_complete:
        images = BatchImages(
            listed=next_state.listed,
            not_images=next_state.not_images,
            duplicates=next_state.duplicates,
            left_out=dict(next_state.left_out),
        )
        store.shards.create(Shards(next_state.shards, images))
    store.save_state(store.load().state, LiveBatch(next_state.listed))
    return {"listing": _STATE.dump_python(next_state, mode="json"), "listed": next_state.is_complete}


def find_current_results(run_id: str) -> bool:
    """Record the images that have a current result. Returns False if there is more to look at.

    Raises:
        AccessDenied, ModelLost
    """
    store, now = batch_store(run_id), time.time()
    run = store.load().run
    lease_store().renew(run.model_arn, run_id, now)
    # The results of an earlier run that left off are part of this one's.
    processing = replace(processing_of(run, threads=16), reads_current=run.input.resume is not None)
    find_current(store.shards, files_of(run_id), processing, _is_past(now + MAX_INVOCATION_S))
    shards = store.shards.load()
    is_over = not processing.has_files or shards.claims > shards.claimable_count
    if is_over:
        store.shards.plan(shards.next_round(store.shards.records()))
    return is_over


def processing_of(run: BatchRun, *, threads: int) -> Processing:
    """What the images of the batch have in common, for so many threads."""
    run_input = run.input
    results = run_input.results
    question = Question(run.model_arn, run.bucket, results.min_confidence, results.keep_from)
    store = ResultStore(s3_client(threads), run.bucket, settings().image_bucket, ResultKeys(results.prefix))
    rules = Rules(facts_of(run.model_arn))
    return Processing(question, rules, detector_of(run.model_arn), store, run_input.images.source, results.per_image)


def _is_past(moment: float) -> Callable[[], bool]:
    return lambda: time.time() >= moment
