"""The sample input of the pages, and the output that a model of 5 TPS gives it.

The whole search runs in virtual time, so that the output is the same every time; a test compares it
with the pages.
"""

from __future__ import annotations

from typing import Any

from iu_tuner.contract.output.json_values import to_json
from lambdas.capacity.verdicts.account_quota import TpsQuota
from lambdas.images.coverage import ImagesFound
from lambdas.images.image import Image, SkippedImage
from lambdas.load.counts import StepCounts
from lambdas.load.measured_step import MeasuredStep
from lambdas.load.step import StepPlan
from lambdas.load.worker_step import WorkerStep
from lambdas.models.lease import Lease
from lambdas.models.outcomes import ACCEPTED
from lambdas.past_runs.regression import Answer, with_comparison
from lambdas.planning.demand import TrafficDemand
from lambdas.runs.progress import Progress
from lambdas.runs.receipt import make_receipt
from lambdas.runs.run import Run
from lambdas.tuning.output import findings, output
from local.simulated_model.model_spec import ModelTruth
from local.simulated_model.service import SimulatedService
from simulation.virtual_time import VirtualClient, run_search

PROJECT = "arn:aws:rekognition:us-east-1:123456789012:project/bees"
INPUT: dict[str, Any] = {
    "modelArn": f"{PROJECT}/version/bees.2021-03-11T15.23.39/1615476219000",
    "demand": {"averageTps": 6, "peakTps": 15},
}
STARTED_AT = 1_795_240_800.0  # 2026-11-21T06:00:00Z
RUNNING_S = 95.0


def sample_output(truth: ModelTruth | None = None, start_concurrency: int = 4) -> dict[str, Any]:
    """The execution's output for INPUT, from a model of 5 TPS or another one."""
    run = Run(
        run_id="monday-morning",
        model_arn=INPUT["modelArn"],
        project_arn=f"{PROJECT}/1614247896000",
        started_at="2026-11-21T06:00:00.000Z",
        inference_units=1,
        requested_units=None,
        usd_per_unit_hour=4.0,
        expected_usd=1 / 3,
        mode="standard",
        start_concurrency=start_concurrency,
        max_concurrency=256,
        in_flight_per_worker=8,
        max_minutes=90,
        max_usd=10,
        demand=TrafficDemand(6, 15),
        bucket="images",
        source="bytes",
        images=tuple(Image(f"samples/bees-{n:02}.jpg", 300_000) for n in range(1, 9)),
        skipped=(
            SkippedImage(
                "samples/notes.txt",
                "it is text (it starts with 'not an image'), neither JPEG nor PNG: upload the image itself",
                "text",
            ),
        ),
        images_found=9,
        images_skipped=1,
        images_counted=ImagesFound("samples/", 8, {}, 8, is_estimate=False, listing_was_cut=False),
        tps_quota=TpsQuota(source="Service Quotas", is_applied=True),
    )
    client = VirtualClient(SimulatedService(truth or ModelTruth(tps_per_iu=5.0)), seed="sample")
    search = run_search(client, run.search_limits)
    began = STARTED_AT + 600
    steps = [MeasuredStep(0, began, 3.0, probe(len(run.images)))]
    for start_s, counts in zip(search.starts_s, search.history, strict=True):
        steps.append(MeasuredStep(len(steps), began + 3.0 + start_s, 3.0, counts))
    stopped_at = STARTED_AT + 600 + RUNNING_S
    progress = Progress(running_since=STARTED_AT + 600, stopped_at=stopped_at)
    lease = Lease(run.model_arn, run.run_id, "", run.started_at, run.max_minutes, "stop", status_found="STOPPED")
    receipt = make_receipt(lease, (run, progress), "STOPPED", by="finally", now=stopped_at)
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
    answer = with_comparison(answer, Answer.of(answer, run.started_at, None), week_before, None)
    return to_json(answer)  # type: ignore[no-any-return]


def probe(images: int) -> StepCounts:
    """The counts of a probe: each image is sent once, four at a time, with a latency of 0.18 s."""
    plan = StepPlan("probe", 4, workers=1, base_s=0.36, extended_s=0.36, max_s=0.36)
    books = WorkerStep(plan, 0)
    for index in range(images):
        sent_s = 0.18 * (index // 4)
        books.record(ACCEPTED, sent_s, sent_s + 0.18)
    return StepCounts(plan, [books.counts()])
