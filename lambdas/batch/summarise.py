"""The end of a batch: its files, and its output but for the model's receipt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from iu_tuner.contract.batch.output import (
    MAX_FAILURES_SHOWN,
    BatchCost,
    BatchImages,
    BatchLatency,
    BatchOutput,
    Throughput,
)
from iu_tuner.contract.output.result import ModelOutput
from iu_tuner.formats import count, rounded
from lambdas.batch.next_round import check_failures
from lambdas.batch.quote import alternatives
from lambdas.batch.shards.record import Traffic
from lambdas.batch.shards.store import ShardFiles, ShardTable
from lambdas.batch.summary.files import BatchFiles, BatchSummary, RunRecords, write_files
from lambdas.batch.summary.verdict import Ending, verdict_of
from lambdas.batch.unit_capacity import Capacity
from lambdas.load.histogram import LatencyHistogram


@dataclass(frozen=True)
class EndedBatch:
    """What the run knows of a batch when its last round is over.

    `capacity` is the one that the quote was made of; None without a measurement. Times are in epoch seconds;
    `processing_s` are the seconds from the first request to the last result.
    """

    run_id: str
    model_arn: str
    images_bucket: str
    min_confidence: float | None
    ground_truth: bool
    max_failed_percent: float
    started_at: float
    processing_s: float
    ending: Ending
    inference_units: int | None
    capacity: Capacity | None = None
    warnings: tuple[str, ...] = ()


def summarise(table: Callable[[str], ShardTable], files: ShardFiles, ended: EndedBatch) -> BatchOutput:
    """Write the batch's files. `table` gives the tally of a run.

    Raises:
        TooManyFailures: more images failed than the input allows; the files say which. ClientError: S3 fails.
    """
    chain = _chain(table, ended.run_id)
    own_records = chain[-1].records
    images = table(ended.run_id).load().tally(own_records)
    batch_summary = BatchSummary(
        ended.model_arn,
        ended.min_confidence,
        images,
        ended.started_at,
        ended.ending.finished_at,
        ended.images_bucket,
        ended.ground_truth,
    )
    batch_files = write_files(files, chain, batch_summary)
    check_failures(images.failed, images.listed, ended.max_failed_percent)
    traffic = reduce(Traffic.plus, (record.traffic for record in own_records), Traffic())
    processed = sum(record.done for record in own_records)
    return batch_output(ended, images, batch_files, traffic, processed)


def batch_output(
    ended: EndedBatch, images: BatchImages, files: BatchFiles, traffic: Traffic, processed: int
) -> BatchOutput:
    """The output without the receipt. `traffic` and `processed` images are those of this run alone."""
    verdict, detail = verdict_of(images, ended.ending)
    latencies = LatencyHistogram.from_mapping(traffic.latencies)
    units, capacity = ended.inference_units, ended.capacity
    other_units = () if capacity is None or units is None else alternatives(images.listed, capacity, units)
    lack = f"{count(files.unlabelled_count, 'image')} could not be read again, so labels.manifest has no line of them"
    warnings = (*ended.warnings, *((lack,) if files.unlabelled_count else ()))
    return BatchOutput(
        run_id=ended.run_id,
        model_arn=ended.model_arn,
        verdict=verdict,
        verdict_detail=detail,
        images=images,
        failures=files.failures[:MAX_FAILURES_SHOWN],
        throughput=_throughput(ended, traffic, processed),
        deadline=ended.ending.deadline,
        inference_units=units,
        alternatives=other_units,
        latency_ms=BatchLatency(rounded(latencies.quantile_ms(0.5), 0), rounded(latencies.quantile_ms(0.95), 0)),
        model=None,
        cost=None,
        manifest_uri=files.manifest_uri,
        failed_uri=files.failed_uri,
        summary_uri=files.summary_uri,
        labels_uri=files.labels_uri,
        warnings=warnings or None,
        resumed=files.manifest.resumed,
    )


def with_receipt(
    output: BatchOutput, model: ModelOutput, capacity: Capacity | None, *, processed: int, own_usd: float | None = None
) -> BatchOutput:
    """The output with how the model was left and what it cost. `processed` images had a result in this run."""
    usd = model.usd or 0.0
    ideal_usd = None if capacity is None else rounded(capacity.ideal_usd(processed), 2)
    usd_per_1000 = rounded(1000 * usd / processed, 4) if processed else None
    cost = BatchCost(rounded(usd, 2), ideal_usd, usd_per_1000, rounded(own_usd, 2))
    return replace(output, model=model, cost=cost)


def _throughput(ended: EndedBatch, traffic: Traffic, processed: int) -> Throughput:
    tps = processed / ended.processing_s if processed and ended.processing_s > 0 else None
    measured_tps = None
    if ended.capacity is not None and ended.inference_units is not None:
        measured_tps = ended.capacity.tps_per_unit * ended.inference_units
    return Throughput(
        tps=rounded(tps, 2),
        of_measured=rounded(tps / measured_tps, 3) if tps is not None and measured_tps else None,
        requests=traffic.requests,
        throttled_share=rounded(traffic.throttled / traffic.requests, 4) if traffic.requests else None,
        paced_seconds=rounded(traffic.paced_seconds, 1),
    )


def _chain(table: Callable[[str], ShardTable], run_id: str) -> Sequence[RunRecords]:
    """The records of a run and of those that it resumes, the earliest first."""
    chain: list[RunRecords] = []
    next_id: str | None = run_id
    while next_id is not None:
        shard_table = table(next_id)
        chain.append(RunRecords(next_id, shard_table.records()))
        next_id = shard_table.load().resumed
    return chain[::-1]
