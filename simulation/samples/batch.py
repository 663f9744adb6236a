"""Outputs and pages of batches: one of each verdict that has a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from iu_tuner.contract.batch.output import (
    Alternative,
    BatchCost,
    BatchImages,
    BatchLatency,
    BatchOutput,
    FailedImage,
    Throughput,
)
from iu_tuner.contract.output.live_run import Receipt
from lambdas.aws.versions import versions
from lambdas.batch.summary.verdict import Ending, verdict_of
from lambdas.reports.page.batch import BatchFacts, batch_contents
from lambdas.reports.page.html.contents import Contents
from simulation.samples.run import INPUT, STARTED_AT

STOPPED = Receipt("finally", 1_795_241_495.0, "STOPPED", "STOPPED", 1_795_241_400.0, 1_795_241_495.0, 0.0264, 0.1056)

FACTS = BatchFacts("2026-11-21T06:00:00Z", ((0.0, 0), (8.0, 42)), 5.0, 12.4, {"images": {"prefix": "in/"}})
# verdict -> (the images, the end of the batch)
BATCHES: Mapping[str, tuple[BatchImages, Ending]] = {
    "complete": (BatchImages(listed=52, current=10, done=42), Ending(STARTED_AT)),
    "partial": (BatchImages(listed=54, current=10, done=42, failed=2, left_out={"folder": 1}), Ending(STARTED_AT)),
    "deadline-missed": (BatchImages(listed=52, current=10, done=42), Ending(STARTED_AT, STARTED_AT - 300)),
    "nothing-to-do": (BatchImages(listed=52, current=52), Ending(STARTED_AT)),
}


def ended_batch(name: str) -> BatchOutput:
    """The output of the batch of BATCHES with this name."""
    images, ending = BATCHES[name]
    verdict, detail = verdict_of(images, ending)
    changed: dict[str, Any] = {} if images.failed else {"failures": ()}
    if not images.done:
        changed |= {"throughput": Throughput(None, None, 0, None), "latency_ms": BatchLatency(None, None)}
        changed |= {"cost": BatchCost(0.0, 0.0, None, 0.01), "inference_units": None, "alternatives": ()}
        changed |= {"model": replace(STOPPED, started_at=None).as_output()}
    return batch_output(images=images, verdict=verdict, verdict_detail=detail, deadline=ending.deadline, **changed)


def batch_page(name: str) -> Contents:
    """The contents of that batch's page."""
    output = ended_batch(name)
    facts = FACTS if output.images.done else replace(FACTS, points=())
    return batch_contents(output, facts, versions())


def batch_output(**changed: Any) -> BatchOutput:
    """A batch of 54 images of which two failed."""
    failures = tuple(FailedImage(f"in/<{name}>.jpg", "InvalidImageFormatException", "no image", 1) for name in "ab")
    values: dict[str, Any] = {
        "run_id": "batch-1",
        "model_arn": INPUT["modelArn"],
        "verdict": "partial",
        "verdict_detail": "52 of 54 images have a result, 2 failed.",
        "images": BatchImages(listed=54, current=10, done=42, failed=2, left_out={"folder": 1}),
        "failures": failures,
        "throughput": Throughput(4.93, 0.986, 45, 0.0003),
        "deadline": None,
        "inference_units": 1,
        "alternatives": (Alternative(3, 1.2, 12.54),),
        "latency_ms": BatchLatency(181, 240),
        "model": STOPPED.as_output(),
        "cost": BatchCost(12.34, 12.0, 0.2285, 0.39),
        "manifest_uri": "s3://b/batches/batch-1/manifest.json",
        "failed_uri": "s3://b/batches/batch-1/failed.jsonl",
        "summary_uri": "s3://b/batches/batch-1/summary.csv",
        "report_uri": "s3://b/reports/batch-1/report.html",
    }
    return BatchOutput(**{**values, **changed})
