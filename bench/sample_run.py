"""`python -m bench.sample_run`: the README's sample input, and the output that a model of 5 TPS gives it.

The whole search runs in virtual time, so that the output is the same every time; a test compares it
with the README.
"""

from __future__ import annotations

import json
from typing import Any

from bench.virtual_time import VirtualClient, run_search
from lambdas.capacity.account_quota import TpsQuota
from lambdas.capacity.history import Answer, compared
from lambdas.capacity.image import Image, SkippedImage
from lambdas.capacity.lease import Lease
from lambdas.capacity.measured_step import MeasuredStep
from lambdas.capacity.progress import Progress
from lambdas.capacity.receipt import Receipt
from lambdas.capacity.result import findings, output
from lambdas.capacity.run import Run
from lambdas.capacity.step import ACCEPTED, StepCounts, StepPlan
from lambdas.capacity.worker import WorkerStep
from local.simulated_model.service import SimulatedService
from local.simulated_model.truth import ModelTruth

PROJECT = "arn:aws:rekognition:us-east-1:123456789012:project/bees"
INPUT: dict[str, Any] = {
    "modelArn": f"{PROJECT}/version/bees.2021-03-11T15.23.39/1615476219000",
    "demand": {"averageTps": 6, "peakTps": 15},
}
STARTED_AT = 1_795_240_800.0  # 2026-11-21T06:00:00Z
RUNNING_S = 95.0


def sample_output() -> dict[str, Any]:
    """The execution's output for INPUT."""
    run = Run(
        run_id="monday-morning",
        model_arn=INPUT["modelArn"],
        project_arn=f"{PROJECT}/1614247896000",
        started_at="2026-11-21T06:00:00.000Z",
        inference_units=1,
        units_asked=None,
        usd_per_unit_hour=4.0,
        expected_usd=1 / 3,
        mode="standard",
        start_concurrency=4,
        max_concurrency=256,
        in_flight_per_worker=8,
        max_minutes=90,
        max_usd=10,
        demand={"average_tps": 6, "peak_tps": 15},
        bucket="images",
        source="bytes",
        images=tuple(Image(f"samples/bees-{n:02}.jpg", 300_000) for n in range(1, 9)),
        skipped=(
            SkippedImage("samples/notes.txt", "it is neither JPEG nor PNG (it starts with 'not an i')"),
        ),
        images_found=9,
        images_skipped=1,
        tps_quota=TpsQuota(source="Service Quotas", is_applied=True),
    )
    client = VirtualClient(SimulatedService(ModelTruth(tps_per_iu=5.0)), seed="sample")
    search = run_search(client, run.search_limits)
    history = [probe(len(run.images)), *search.history]
    steps = [MeasuredStep(number, 0.0, 3.0, counts) for number, counts in enumerate(history)]
    stopped_at = STARTED_AT + 600 + RUNNING_S
    progress = Progress(running_since=STARTED_AT + 600, stopped_at=stopped_at)
    lease = Lease(
        run.model_arn, run.run_id, "", run.started_at, run.max_minutes, "stop", status_found="STOPPED"
    )
    receipt = Receipt.of(lease, (run, progress), "STOPPED", by="finally", now=stopped_at)
    folder = "s3://inferenceunittuner-images/reports/monday-morning"
    answer = output(
        run,
        progress,
        findings(run, steps, search.measurement),
        receipt,
        result_uri=f"{folder}/result.json",
        report_uri=f"{folder}/report.html",
    )
    week_before = Answer("last-monday", "2026-11-14T06:00:00.000Z", run.model_arn, "ok", 5.04, 4.9, 5.18)
    return {**answer, **compared(Answer.of(answer, run.started_at, None), week_before, None)}


def probe(images: int) -> StepCounts:
    """Each image sent once, four at a time, and answered in 0.18 s."""
    plan = StepPlan("probe", 4, workers=1, base_s=0.36, extended_s=0.36, max_s=0.36)
    books = WorkerStep(plan, 0)
    for index in range(images):
        sent_s = 0.18 * (index // 4)
        books.book(ACCEPTED, sent_s, sent_s + 0.18)
    return StepCounts(plan, [books.counts()])


if __name__ == "__main__":
    print(json.dumps(INPUT, indent=2), json.dumps(sample_output(), indent=2), sep="\n\n")
