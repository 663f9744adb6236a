"""`python -m bench.wire.live_wait`: how long uploads wait for their answer, alone and beside a batch.

In the embedded AWS, with a simulated model that both share. A wait goes from the end of the upload to the model's
answer: S3's event, the queue, the start of the Lambda, the slot of the pace, and the request are in it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from random import Random

import boto3

from bench.tables import markdown, percentile
from iu_tuner.contract.names import model_pk
from lambdas.aws.table import serialized
from local.embedded_aws import REGION
from local.sample_images import sample_images
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from local.world import World, running_world, upload_batch
from simulation.samples.run import sample_output

LIVE, BATCH = "live/", "incoming/"
MAX_S = 120.0  # until the last answer


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.wire.live_wait", description=__doc__)
    parser.add_argument("--tps", type=float, default=12.5, help="of the model")
    parser.add_argument("--share", type=float, default=0.2, help="of that rate: the uploads, which come at random")
    parser.add_argument("--seconds", type=float, default=60.0, help="of uploads")
    asked = parser.parse_args()
    setup = ModelSetup(truth=ModelTruth(tps_per_iu=asked.tps, start_s=0.5, stop_s=0.5), project="bees")
    rows = []
    with running_world(setup, _say, _say, lambda arn: {"inference": [{"prefix": LIVE, "modelArn": arn}]}) as world:
        _start_model(world, asked.tps)
        _waits(world, "warm-up", 1.0, 5.0)  # the Lambda's first start is not measured
        for part in ("alone", "beside a batch"):
            if part == "beside a batch":
                _start_batch(world, asked.tps, asked.seconds)
            waits = _waits(world, part.split()[0], asked.share * asked.tps, asked.seconds)
            rows.append([part, f"{len(waits)}", *(f"{percentile(waits, share):.2f}" for share in (50, 95, 100))])
        report = world.service.model_report()["totals"]
    sys.stdout.write(markdown(("uploads", "number", "p50 s", "p95 s", "max s"), rows) + f"\n{report}\n")


def _start_model(world: World, tps: float) -> None:
    """Start a model that was measured before, and have the gate opened."""
    arn, answer = world.service.model_arns[0], sample_output() | {"tpsPerInferenceUnit": tps, "inferenceUnits": 1}
    item = {"pk": model_pk(arn), "sk": "RUN#2026-01-01T00:00:00Z", "output": json.dumps(answer), "verdict": "ok"}
    world.aws.client("dynamodb").put_item(TableName=world.outputs.runs_table, Item=serialized(item))
    models = boto3.client(
        "rekognition",
        endpoint_url=world.service.url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    models.start_project_version(ProjectVersionArn=arn, MinInferenceUnits=1)
    _wait_for(lambda: world.service.model_report()["status"] == "RUNNING")
    (name,) = (
        each["Name"] for each in world.aws.client("scheduler").list_schedules()["Schedules"] if "Look" in each["Name"]
    )
    target = world.aws.client("scheduler").get_schedule(Name=name)["Target"]
    world.aws.client("lambda").invoke(FunctionName=target["Arn"], Payload=target["Input"])


def _start_batch(world: World, tps: float, seconds: float) -> None:
    """Start a batch that lasts longer than the uploads, and wait until it sends."""
    upload_batch(world, BATCH, round(1.3 * tps * seconds) + 100)
    raw = {"task": "process", "modelArn": world.service.model_arns[0]}
    states, before = world.aws.client("stepfunctions"), _accepted(world)
    states.start_execution(stateMachineArn=world.outputs.batch_state_machine_arn, input=json.dumps(raw))
    _wait_for(lambda: _accepted(world) > before + 2 * tps)


def _waits(world: World, part: str, rate: float, seconds: float) -> list[float]:
    """The seconds from each upload to the model's answer."""
    s3, bucket, random = world.aws.client("s3"), world.outputs.image_bucket, Random(part)
    (_, image), *_ = sample_images().items()
    uploaded: dict[str, float] = {}
    until = (at := time.time()) + seconds
    while (at := at + random.expovariate(rate)) < until:
        time.sleep(max(0.0, at - time.time()))
        key = f"{LIVE}{part}-{len(uploaded):04}.jpg"
        s3.put_object(Bucket=bucket, Key=key, Body=image + key.encode())  # bytes after its end make it another one
        uploaded[key] = time.time()

    def answered() -> set[str]:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{LIVE}{part}-")
        return {each["Key"] for page in pages for each in page.get("Contents", []) if each["Key"].endswith(".json")}

    _wait_for(lambda: len(answered()) == len(uploaded))

    def answer_at(key: str) -> float:
        result = json.loads(s3.get_object(Bucket=bucket, Key=f"{key}.json")["Body"].read())
        return datetime.fromisoformat(result["Inference"]["at"]).timestamp()

    return [answer_at(key) - at for key, at in uploaded.items()]


def _accepted(world: World) -> int:
    accepted: int = world.service.model_report()["totals"]["accepted"]
    return accepted


def _wait_for(happened: Callable[[], bool]) -> None:
    """Wait until it has happened. Raises TimeoutError after MAX_S."""
    deadline = time.monotonic() + MAX_S
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.5)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
