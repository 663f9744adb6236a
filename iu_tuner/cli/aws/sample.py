"""A sample of a batch's images, and the hours and dollars of all images from what the sample took."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iu_tuner.cli.aws.errors import calling_aws
from iu_tuner.cli.aws.runs_table import ModelPace
from iu_tuner.cli.aws.stack import Deployment
from iu_tuner.contract.batch.batch_input import ProcessInput
from iu_tuner.contract.model_arn import service_of
from iu_tuner.contract.names import BATCH_PREFIX
from iu_tuner.exit_codes import UsageError
from iu_tuner.formats import count, duration, tps

# What a sample does not say, as it found its model running: 10 minutes until a model runs (AWS documents 10 to 20), and
# one for the stop; and the time in which it is billed and processes nothing, from the look after the start to the stop.
START_AND_STOP_S, BILLED_TAIL_S = 660.0, 90.0


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


def choose_sample(deployment: Deployment, process_input: ProcessInput, size: int, run_id: str) -> Sample:
    """Choose images of the prefix at even distances, and upload their list. Raises UsageError, AwsCallFailed."""
    if process_input.images.list is not None:
        raise UsageError("--sample: takes images of a prefix, not of --list")
    bucket = process_input.images.bucket or deployment.image_bucket
    with calling_aws():
        s3 = deployment.aws.of("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=process_input.images.prefix)
        all_keys = [each["Key"] for page in pages for each in page.get("Contents", ())]
    is_mask = service_of(process_input.model_arn).is_mask
    keys = [key for key in all_keys if key.lower().endswith(process_input.images.suffixes) and not is_mask(key)]
    if not keys:
        raise UsageError(f"--prefix: got {process_input.images.prefix}, which has no images; takes a folder with some")
    size = min(size, len(keys))
    lines = "".join(json.dumps({"key": keys[number * len(keys) // size]}) + "\n" for number in range(size))
    key = f"{BATCH_PREFIX}{run_id}/sample.jsonl"
    with calling_aws():
        s3.put_object(Bucket=deployment.image_bucket, Key=key, Body=lines.encode())
    return Sample(size, len(keys), f"s3://{deployment.image_bucket}/{key}")


def sample_quote(sample: Sample, execution: Mapping[str, Any], usd_per_unit_hour: float, pace: ModelPace) -> str:
    """The hours and dollars of all images with the same inference units, by what the execution of the sample took."""
    output = json.loads(execution["output"])
    throughput, units = output["throughput"], output["inferenceUnits"]
    if not throughput["tps"]:
        return "the sample says nothing about the others: none of its images was sent"
    rate = max(_steady_rate(output), pace.tps or 0.0)
    seconds = sample.images / rate
    total_s, billed_s = _overhead_s(execution, output)
    usd = units * (seconds + billed_s) / 3600 * usd_per_unit_hour
    sentence = (
        f"all {count(sample.images, 'image')} take about {duration(seconds + total_s)} with start-up, and"
        f" ${usd:,.2f}, with {count(units, 'inference unit')} at {tps(rate)} images/s"
    )
    if pace.is_guess:
        sentence += (
            " - or far from it, as the sample ended before it found the model's rate: take more images, such as"
            f" --sample {4 * sample.size}, or measure the model first"
        )
    return sentence


def _steady_rate(output: Mapping[str, Any]) -> float:
    """Images per second once results come: the rate without the time of the first reply, which many images share."""
    rate, first_s = float(output["throughput"]["tps"]), (output["latencyMs"]["p50"] or 0) / 1000
    done = output["images"]["done"]
    seconds = done / rate - first_s
    return done / seconds if seconds > 0 else rate


def _overhead_s(execution: Mapping[str, Any], output: Mapping[str, Any]) -> tuple[float, float]:
    """The seconds that the sample's execution took, and in which its model was billed, beside those of its images."""
    busy_s, hours = output["images"]["done"] / output["throughput"]["tps"], output["model"]["inferenceUnitHours"]
    if output["model"]["stoppedAt"] is None or not hours:
        return START_AND_STOP_S, BILLED_TAIL_S
    total_s = (execution["stopDate"] - execution["startDate"]).total_seconds()
    return max(0.0, total_s - busy_s), max(0.0, 3600 * hours / output["inferenceUnits"] - busy_s)
