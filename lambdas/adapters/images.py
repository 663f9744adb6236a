"""The images that the load is made of: chosen from the bucket, checked, read."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from lambdas.adapters.s3_refusals import explained, is_denied, is_outage
from lambdas.adapters.settings import settings
from lambdas.capacity.errors import NoUsableImages
from lambdas.capacity.image import MOST_BYTES, Image, SkippedImage, Source

MOST_IMAGES = 24  # sent in turn; more would not come round evenly within a step
MOST_LISTED = 10_000
MOST_LOOKED_AT = 2_000  # one by one, until enough are found; so many take Prepare a few seconds
MOST_SKIPPED_TOLD = 50  # with their reasons; an item of the runs table and an output have their limits

LEAST_PIXELS, MOST_PIXELS = 64, 4096  # a side, quota of DetectCustomLabels
REPORTS = "reports/"

_PNG = b"\x89PNG\r\n\x1a\n"
_MAGIC = {b"\xff\xd8\xff": "JPEG", _PNG: "PNG"}
_SUFFIXES = (".jpg", ".jpeg", ".png")
_HEAD_BYTES = 24  # up to the sides of a PNG


@cache
def s3_client() -> Any:
    """The S3 client, with a connection for each image that is looked at at once."""
    return boto3.client(
        "s3",
        config=Config(
            max_pool_connections=MOST_IMAGES,
            retries={"mode": "standard", "total_max_attempts": 4},
            connect_timeout=5,
            read_timeout=20,
        ),
    )


@dataclass(frozen=True)
class Selection:
    """The images to use, those looked at and left out (the first of them), and how many objects there were."""

    images: tuple[Image, ...]
    skipped: tuple[SkippedImage, ...]
    found: int
    skipped_total: int


def choose_images(client: Any, bucket: str, prefix: str, source: Source) -> Selection:
    """Up to MOST_IMAGES images under a prefix, spread evenly over the sizes found there.

    Raises:
        NoUsableImages: none is left. AccessDenied: the bucket can't be read.
    """
    try:
        objects = sorted(_listed(client, bucket, prefix), key=lambda found: (found.bytes, found.key))
        images, skipped = _inspect(client, bucket, _by_promise(objects)[:MOST_LOOKED_AT], source)
    except ClientError as error:
        raise explained(error, bucket, prefix) from error
    if not images:
        reasons = "; ".join(f"{image.key}: {image.reason}" for image in skipped[:5])
        looked_at = f"{len(skipped)} looked at of the " if len(skipped) < len(objects) else ""
        raise NoUsableImages(
            f"none of the {looked_at}{len(objects)} objects under s3://{bucket}/{prefix} can be used"
            f"{f' ({reasons})' if reasons else ''} - upload JPEG or PNG images there"
        )
    in_order = sorted(images, key=lambda image: image.key)
    return Selection(tuple(in_order), tuple(skipped[:MOST_SKIPPED_TOLD]), len(objects), len(skipped))


def read_image(client: Any, bucket: str, key: str) -> bytes:
    """The image's bytes.

    Raises:
        AccessDenied, NoUsableImages: S3 refuses them.
    """
    try:
        body: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        raise explained(error, bucket, key) from error
    return body


def _listed(client: Any, bucket: str, prefix: str) -> Iterator[Image]:
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, PaginationConfig={"MaxItems": MOST_LISTED}
    )
    for found in (found for page in pages for found in page.get("Contents", [])):
        if not found["Key"].endswith("/"):
            yield Image(found["Key"], found["Size"])


def _by_promise(objects: Sequence[Image]) -> list[Image]:
    """All objects: first those called like images, last reports of runs; in each group spread over the sizes."""
    groups: dict[int, list[Image]] = {0: [], 1: [], 2: []}
    for found in objects:
        group = 2 if found.key.startswith(REPORTS) else not found.key.lower().endswith(_SUFFIXES)
        groups[group].append(found)
    return [found for group in groups.values() for found in _spread(group)]


def _spread(objects: Sequence[Image]) -> list[Image]:
    """All objects, those that lie evenly spread over the sizes first."""
    step = max(1.0, len(objects) / MOST_IMAGES)
    first = {int((index + 0.5) * step) for index in range(min(MOST_IMAGES, len(objects)))}
    return [objects[i] for i in sorted(first)] + [image for i, image in enumerate(objects) if i not in first]


def _inspect(
    client: Any, bucket: str, candidates: Sequence[Image], source: Source
) -> tuple[list[Image], list[SkippedImage]]:
    images: list[Image] = []
    skipped: list[SkippedImage] = []
    refused: list[ClientError] = []

    def reason_to_skip(image: Image) -> str | None:
        try:
            return _reason_to_skip(client, bucket, image, source)
        except ClientError as error:
            if is_outage(error):
                raise
            refused.append(error)
            # Gone meanwhile, archived, another owner's: this object's trouble, not the others'.
            return f"S3 does not give it out ({error})"

    with ThreadPoolExecutor(MOST_IMAGES) as threads:
        for start in range(0, len(candidates), MOST_IMAGES):
            batch = candidates[start : start + MOST_IMAGES]
            for image, reason in zip(batch, threads.map(reason_to_skip, batch), strict=True):
                if reason:
                    skipped.append(SkippedImage(image.key, reason))
                elif len(images) < MOST_IMAGES:
                    images.append(image)
            if len(images) == MOST_IMAGES or (not images and sum(map(is_denied, refused)) >= MOST_IMAGES):
                break
    # One refusal of all images is not the images' fault.
    denied = [error for error in refused if is_denied(error)]
    if not images and (denied or len(refused) == len(skipped) > 0):
        raise (denied or refused)[0]
    return images, skipped


def _reason_to_skip(client: Any, bucket: str, image: Image, source: Source) -> str | None:
    if bucket == settings().image_bucket and image.key.startswith(REPORTS):
        return f"{REPORTS} is kept for the reports of runs"
    if image.bytes == 0:
        return "it is empty"
    if image.bytes > MOST_BYTES[source]:
        return f"it has {image.bytes:,} bytes; with images.source {source} at most {MOST_BYTES[source]:,} are taken"
    head = _head(client, bucket, image.key)
    if not any(head.startswith(magic) for magic in _MAGIC):
        return f"it is neither {' nor '.join(_MAGIC.values())} (it starts with {str(head[:8])[1:]})"
    return _wrong_sides(head) if head.startswith(_PNG) else None


def _head(client: Any, bucket: str, key: str) -> bytes:
    answer = client.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{_HEAD_BYTES - 1}")
    head: bytes = answer["Body"].read()
    return head


def _wrong_sides(png: bytes) -> str | None:
    """A PNG tells its sides at once; of a JPEG the model tells when it is probed."""
    if len(png) < _HEAD_BYTES:
        return "it is cut off"
    width, height = struct.unpack(">II", png[16:24])
    if all(LEAST_PIXELS <= side <= MOST_PIXELS for side in (width, height)):
        return None
    return f"it has {width} x {height} pixels; {LEAST_PIXELS} to {MOST_PIXELS} a side are taken"
