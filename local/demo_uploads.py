"""The demo's uploads: images that arrive while the model is off start it, and get their results one after the other."""

from __future__ import annotations

import json
import time
from pathlib import Path

from rich.console import Console
from rich.status import Status

from iu_tuner.cli.models.labels import ImageLabels
from lambdas.models.registry import facts_of
from local.world import World, upload_batch

PREFIX = "test_images/"
RESULT = Path("out/result.json")
MAX_S = 600.0
IDLE_MINUTES = 0.1  # so that the demo does not take long


def context(model_arn: str) -> dict[str, object]:
    """The keys of the CDK context that make the pipeline: uploads start the model, and it stops by itself."""
    entry = {"prefix": PREFIX, "modelArn": model_arn, "whenStopped": "start", "idleStopMinutes": IDLE_MINUTES}
    return {"inference": [entry]}


def run_uploads(world: World, images: int, console: Console, status: Status) -> int:
    """Upload so many images, which start the model, and wait for the results and for its stop.

    Returns the exit code: 0 if each image has a result and the model is stopped.
    """
    status.update(f"uploading {images:,} images while the model is off")
    upload_batch(world, PREFIX, images)
    found, began = _wait(world, images, status)
    seconds = time.monotonic() - began
    deadline = time.monotonic() + MAX_S
    while (report := world.service.model_report())["status"] != "STOPPED" and time.monotonic() < deadline:
        status.update("each image has a result: the model stops by itself")
        time.sleep(0.2)
    status.stop()
    if notice := facts_of(world.service.model_arns[0]).notice:
        console.print(notice, highlight=False, markup=False)
    for key in sorted(found)[:3]:
        labels = ImageLabels.of(key, json.loads(_read(world, key))).labels
        found_there = ", ".join(f"{each.name} {each.confidence:.1f}" for each in labels)
        console.print(f"{key}: {found_there}", highlight=False, markup=False, soft_wrap=True)
    counts = report["totals"]
    console.print(
        f"{len(found):,} of {images:,} images have a result, {seconds:.0f} s after the model was started. "
        f"Requests: {counts['accepted']:,} accepted, {counts['throttled']:,} throttled. "
        f"The simulated model carries {report['trueTps']:g} images/s, and is {report['status']}.",
        soft_wrap=True,
    )
    RESULT.parent.mkdir(exist_ok=True)
    summary = {"images": images, "results": sorted(found), "seconds": round(seconds, 1), "requests": counts}
    RESULT.write_text(json.dumps(summary, indent=2) + "\n", "utf-8")
    return 0 if len(found) == images and report["status"] == "STOPPED" else 1


def _wait(world: World, images: int, status: Status) -> tuple[set[str], float]:
    """Wait until each image has a result, or for MAX_S.

    Returns the keys of the results, and when the model was started (seconds of the monotonic clock).
    """
    began = time.monotonic()
    deadline, is_off = began + MAX_S, True
    while len(found := _results(world)) < images and time.monotonic() < deadline:
        state = world.service.model_report()["status"]
        if is_off and state == "STOPPED":
            status.update(f"{images:,} images wait: the Gatekeeper, which looks each minute, starts the model")
            began = time.monotonic()
        else:
            is_off = False
            status.update(f"the model is {state}: {len(found):,} of {images:,} images have a result")
        time.sleep(1)
    return found, began


def _results(world: World) -> set[str]:
    pages = world.aws.client("s3").get_paginator("list_objects_v2")
    listed = pages.paginate(Bucket=world.outputs.image_bucket, Prefix=PREFIX)
    return {each["Key"] for page in listed for each in page.get("Contents", []) if each["Key"].endswith(".json")}


def _read(world: World, key: str) -> bytes:
    body: bytes = world.aws.client("s3").get_object(Bucket=world.outputs.image_bucket, Key=key)["Body"].read()
    return body
