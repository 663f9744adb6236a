"""Summarise and PublishBatch: the files of a batch, and its output once the model is released."""

from __future__ import annotations

import time

from iu_tuner.contract.batch.output import BatchOutput
from lambdas.aws.settings import settings
from lambdas.batch.machine.live import live_batch, measured_tps
from lambdas.batch.machine.own_cost import own_usd
from lambdas.batch.machine.run import LoadedBatch, batch_store, files_of
from lambdas.batch.machine.timeline import result_times
from lambdas.batch.shards.record import ShardRecord
from lambdas.batch.summarise import EndedBatch, summarise, with_receipt
from lambdas.batch.summary.verdict import Ending
from lambdas.models.lease_store import lease_store
from lambdas.reports.notifications import notify_batch
from lambdas.reports.page.batch import BatchFacts, batch_contents
from lambdas.reports.publishing import with_images_page
from lambdas.reports.storage import put_result


def summarise_batch(run_id: str) -> None:
    """Write the files of the batch, and save its output without the receipt.

    Raises:
        TooManyFailures: more images failed than the input allows; the files say which. ModelLost.
    """
    store, now = batch_store(run_id), time.time()
    batch = store.load()
    lease_store().renew(batch.run.model_arn, run_id, now)
    records = store.shards.records()
    store.save_state(batch.state, live_batch(batch, store.shards.load().tally(records)))
    run, results, state = batch.run, batch.run.input.results, batch.state
    times = result_times(files_of(run_id), records, run.started_epoch)
    ended = EndedBatch(
        run_id,
        run.model_arn,
        run.bucket,
        results.min_confidence,
        results.ground_truth,
        run.input.limits.max_failed_percent,
        run.started_epoch,
        times.seconds if times else 0.0,
        Ending(times.ended_at if times else now, run.deadline_at, state.left_because),
        batch.units if state.began_at is not None else None,
        state.capacity,
        run.warnings,
    )
    store.save_result(summarise(lambda of_run: batch_store(of_run).shards, files_of(run_id), ended))


def publish_batch(run_id: str) -> BatchOutput:
    """Publish the batch. Returns the execution's output, with its cost and the model's receipt.

    Raises:
        ClientError: S3 or the table fails.
    """
    store, bucket = batch_store(run_id), settings().image_bucket
    batch = store.load()
    records = store.shards.records()
    processed = sum(record.done for record in records)
    receipt = store.of_run.receipt()
    own_cost_usd = own_usd(records, per_image=batch.run.input.results.per_image, source=batch.run.input.images.source)
    output = with_receipt(
        store.load_result(), receipt.as_output(), batch.state.capacity, processed=processed, own_usd=own_cost_usd
    )
    output = with_images_page(output, lambda software: batch_contents(output, _facts(batch, records), software))
    put_result(files_of(run_id).s3, bucket, output)
    store.publish(batch.run, output)
    notify_batch(output, time.time() - batch.run.started_epoch)
    return output


def _facts(batch: LoadedBatch, records: list[ShardRecord]) -> BatchFacts:
    """What the page shows beside the output."""
    times = result_times(files_of(batch.run.run_id), records, batch.run.started_epoch)
    return BatchFacts(
        batch.run.started_at,
        times.points if times else (),
        measured_tps(batch.state.capacity, batch.units),
        batch.state.expected_usd,
        batch.run.effective_input,
    )
