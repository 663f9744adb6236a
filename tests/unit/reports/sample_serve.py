"""Outputs of runs for uploads, as the tests of the client, the page and the e-mail take them."""

from __future__ import annotations

from iu_tuner.contract.output.result import LeaseHolder
from iu_tuner.contract.uploads.serve_output import FailedImages, ServeCost, ServedImages, ServeOutput
from simulation.samples.batch import STOPPED

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/bees/version/v1/1615476219000"
SERVED = ServeOutput(
    run_id="uploads-1",
    model_arn=ARN,
    prefix="in/",
    verdict="served",
    verdict_detail="No upload came for 10 minutes, so the model was released.",
    images=ServedImages(400, 3, 3),
    failures=(
        FailedImages("InvalidImageFormatException", 2, "in/a <b> 蜂.jpg", "Invalid image encoding"),
        FailedImages("EmptyImage", 1, "in/empty.jpg", "the image has no bytes"),
    ),
    tps=4.9,
    inference_units=1,
    model=STOPPED.as_output(),
    cost=ServeCost(0.7561, 1.8903),
    report_uri="s3://b/reports/uploads-1/report.html",
)
SKIPPED = ServeOutput(
    run_id="uploads-2",
    model_arn=ARN,
    prefix="in/",
    verdict="skipped",
    verdict_detail="The run a has been using this model.",
    images=ServedImages(0, 0, 0),
    tps=None,
    inference_units=None,
    model=None,
    cost=None,
    held_by=LeaseHolder("a", "execution", "2026-11-21T06:00:00Z"),
)
