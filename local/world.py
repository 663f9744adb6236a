"""The world of the demo and of the playground: the embedded AWS, a simulated model, the deployed app, sample images."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from local.deployment import Outputs, deploy
from local.embedded_aws import EmbeddedAws, embedded_aws
from local.sample_images import sample_images
from local.simulated_model.account import ModelSetup
from local.simulated_model.process import RunningSimulatedModel, running_simulated_model
from local.simulated_model.wire.evaluation import SUMMARY_BUCKET, put_summary

SAMPLES = "samples/"
ENDPOINT_KEYS = {"rekognition": "rekognitionEndpointUrl", "lookoutvision": "lookoutVisionEndpointUrl"}


@dataclass(frozen=True)
class World:
    """The app, deployed with sample images in its bucket, beside the simulated service that its model runs in."""

    aws: EmbeddedAws
    service: RunningSimulatedModel
    outputs: Outputs


def no_context(_model_arn: str) -> Mapping[str, object]:
    """No further keys of the CDK context."""
    return {}


@contextmanager
def running_world(
    model: ModelSetup,
    doing: Callable[[str], None],
    done: Callable[[str], None],
    context: Callable[[str], Mapping[str, object]] = no_context,
) -> Iterator[World]:
    """Start everything, and stop it at the end of the block.

    `doing` is called with each part of the work before it starts, `done` with a sentence after it. `context` says which
    further keys of the CDK context the app gets, from the model's ARN.
    Raises DeploymentError, EmbeddedAwsError.
    """
    doing("starting the embedded AWS")
    with embedded_aws() as aws:
        doing("starting the simulated model")
        with running_simulated_model([model], s3_endpoint_url=aws.url) as service:
            doing("cdk deploy")
            fixed: dict[str, object] = {ENDPOINT_KEYS[model.service]: service.url, "modelPollSeconds": 1}
            began = time.monotonic()
            outputs = deploy(aws, {**fixed, **context(service.model_arns[0])})
            machine = outputs.state_machine_arn.rpartition(":")[2]
            done(f"deployed in {time.monotonic() - began:.0f} s: {machine}")
            done(_upload(aws, outputs, service))
            yield World(aws, service, outputs)


def upload_batch(world: World, prefix: str, number: int) -> None:
    """Upload `number` different images under the prefix."""
    s3, originals = world.aws.client("s3"), list(sample_images().items())

    def put(index: int) -> None:
        name, body = originals[index % len(originals)]
        # Bytes after the end of an image make it another one.
        key = f"{prefix}{index:05}-{name}"
        s3.put_object(Bucket=world.outputs.image_bucket, Key=key, Body=body + index.to_bytes(4, "big"))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(put, range(number)))


def _upload(aws: EmbeddedAws, outputs: Outputs, service: RunningSimulatedModel) -> str:
    """Upload the sample images and the model's evaluation. Returns a sentence about the images."""
    s3, images = aws.client("s3"), sample_images()
    for name, body in images.items():
        s3.put_object(Bucket=outputs.image_bucket, Key=f"{SAMPLES}{name}", Body=body)
    s3.create_bucket(Bucket=SUMMARY_BUCKET)
    for model in service.models:
        put_summary(s3, model["project"], model["version"], model["modelArn"])
    return f"uploaded {len(images)} images ({sum(map(len, images.values())) / 1e6:.1f} MB) to {SAMPLES}"
