"""The output of a batch, as the tests of its page and its e-mail take it."""

from __future__ import annotations

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
from simulation.samples.run import INPUT

STOPPED = Receipt("finally", 1_795_241_495.0, "STOPPED", "STOPPED", 1_795_241_400.0, 1_795_241_495.0, 0.0264, 0.1056)


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
