"""`python -m bench.wire.live_wait`: how long uploads wait for their answer, alone and beside a batch.

In the embedded AWS, with a simulated model that both share. A wait goes from the end of the upload to the model's
answer: S3's event, the queue, the start of the Lambda, the slot of the pace, and the request are in it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import datetime
from random import Random

from bench.tables import markdown, percentile
from bench.wire.upload_world import UploadWorld, running_uploads, wait_for
from local.sample_images import sample_images
from local.simulated_model.account import ModelSetup
from local.simulated_model.model_spec import ModelTruth
from local.world import World, upload_batch

LIVE, BATCH = "live/", "incoming/"
MAX_S = 120.0  # until the last answer


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.wire.live_wait", description=__doc__)
    parser.add_argument("--tps", type=float, default=12.5, help="of the model")
    parser.add_argument("--share", type=float, default=0.2, help="of that rate: the uploads, which come at random")
    parser.add_argument("--seconds", type=float, default=60.0, help="of uploads")
    asked = parser.parse_args()
    truth = ModelTruth(tps_per_iu=asked.tps, start_s=0.5, stop_s=0.5)
    rows = []
    with running_uploads([ModelSetup(truth=truth)], lambda arns: [{"prefix": LIVE, "modelArn": arns[0]}]) as world:
        (arn,) = world.service.model_arns
        world.measured(arn, asked.tps, 1000 * truth.latency_mean_s)
        world.start_model(arn)
        world.look(LIVE)
        _waits(world, "warm-up", 1.0, 5.0)  # the Lambda's first start is not measured
        for part in ("alone", "beside a batch"):
            if part == "beside a batch":
                _start_batch(world, asked.tps, asked.seconds)
            waits = _waits(world, part.split()[0], asked.share * asked.tps, asked.seconds)
            rows.append([part, f"{len(waits)}", *(f"{percentile(waits, share):.2f}" for share in (50, 95, 100))])
        report = world.service.model_report()["totals"]
    sys.stdout.write(markdown(("uploads", "number", "p50 s", "p95 s", "max s"), rows) + f"\n{report}\n")


def _start_batch(world: UploadWorld, tps: float, seconds: float) -> None:
    """Start a batch that lasts longer than the uploads, and wait until it sends."""
    upload_batch(World(world.aws, world.service, world.outputs), BATCH, round(1.3 * tps * seconds) + 100)
    raw = {"task": "process", "modelArn": world.service.model_arns[0]}
    states, before = world.aws.client("stepfunctions"), _accepted(world)
    states.start_execution(stateMachineArn=world.outputs.batch_state_machine_arn, input=json.dumps(raw))
    wait_for(lambda: _accepted(world) > before + 2 * tps, MAX_S)


def _waits(world: UploadWorld, part: str, rate: float, seconds: float) -> list[float]:
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
        return {key for key in world.files(f"{LIVE}{part}-") if key.endswith(".json")}

    wait_for(lambda: len(answered()) == len(uploaded), MAX_S)

    def answer_at(key: str) -> float:
        result = json.loads(s3.get_object(Bucket=bucket, Key=f"{key}.json")["Body"].read())
        return datetime.fromisoformat(result["Inference"]["at"]).timestamp()

    return [answer_at(key) - at for key, at in uploaded.items()]


def _accepted(world: UploadWorld) -> int:
    accepted: int = world.service.model_report()["totals"]["accepted"]
    return accepted


if __name__ == "__main__":
    main()
