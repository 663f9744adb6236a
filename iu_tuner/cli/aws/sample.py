"""A sample of a batch's images, and the hours and dollars of all images from what the sample took."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iu_tuner.cli.aws.errors import calling_aws
from iu_tuner.cli.aws.stack import Deployment
from iu_tuner.contract.batch.batch_input import ProcessInput
from iu_tuner.contract.model_arn import service_of
from iu_tuner.contract.names import BATCH_PREFIX
from iu_tuner.exit_codes import UsageError
from iu_tuner.formats import count, duration, tps

START_AND_STOP_S = 660.0  # of a model: 10 minutes until it runs (AWS documents 10 to 20), and one for the stop
BILLED_TAIL_S = 90.0  # in which the model is billed and processes nothing: the look after the start, and the stop


@dataclass(frozen=True)
class Sample:
    """`size` of `images` images, as a list in S3."""

    size: int
    images: int
    address: str

    @property
    def sentence(self) -> str:
        """The sample in one sentence."""
        return f"a sample of {self.size:,} of {count(self.images, 'image')}; their results are kept and not paid again"


def choose_sample(deployment: Deployment, wanted: ProcessInput, size: int, run_id: str) -> Sample:
    """Choose images of the prefix at even distances, and upload their list. Raises UsageError, AwsCallFailed."""
    if wanted.images.list is not None:
        raise UsageError("--sample: takes images of a prefix, not of --list")
    bucket = wanted.images.bucket or deployment.image_bucket
    with calling_aws():
        s3 = deployment.aws.of("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=wanted.images.prefix)
        found = [each["Key"] for page in pages for each in page.get("Contents", ())]
    is_mask = service_of(wanted.model_arn).is_mask
    keys = [key for key in found if key.lower().endswith(wanted.images.suffixes) and not is_mask(key)]
    if not keys:
        raise UsageError(f"--prefix: got {wanted.images.prefix}, which has no images; takes a folder with some")
    size = min(size, len(keys))
    lines = "".join(json.dumps({"key": keys[number * len(keys) // size]}) + "\n" for number in range(size))
    key = f"{BATCH_PREFIX}{run_id}/sample.jsonl"
    with calling_aws():
        s3.put_object(Bucket=deployment.image_bucket, Key=key, Body=lines.encode())
    return Sample(size, len(keys), f"s3://{deployment.image_bucket}/{key}")


def sample_quote(sample: Sample, described: Mapping[str, Any], usd_per_unit_hour: float) -> str:
    """The hours and dollars of all images with the same inference units."""
    output = json.loads(described["output"])
    sent, units = output["throughput"], output["inferenceUnits"]
    if not sent["tps"]:
        return "the sample says nothing about the others: none of its images was sent"
    rate = _steady_rate(output)
    seconds = sample.images / rate
    usd = units * (seconds + BILLED_TAIL_S) / 3600 * usd_per_unit_hour
    return (
        f"all {count(sample.images, 'image')} take about {duration(seconds + START_AND_STOP_S)} with start-up, and"
        f" ${usd:,.2f}, with {count(units, 'inference unit')} at {tps(rate)} images/s"
    )


def _steady_rate(output: Mapping[str, Any]) -> float:
    """Images per second once results come: the rate without the time of the first reply, which many images share."""
    rate, first_s = float(output["throughput"]["tps"]), (output["latencyMs"]["p50"] or 0) / 1000
    done = output["images"]["done"]
    seconds = done / rate - first_s
    return done / seconds if seconds > 0 else rate
