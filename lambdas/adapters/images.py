"""The images that the load is made of: chosen from the bucket, checked, read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import ClientError

from lambdas.capacity.errors import AccessDenied, NoUsableImages
from lambdas.capacity.run import Image, SkippedImage, Source

MOST_IMAGES = 24  # sent in turn; more would not come round evenly within a step
MOST_LISTED = 10_000
MOST_SKIPPED_TOLD = 50  # with their reasons; an item of the runs table and an output have their limits
MOST_BYTES: dict[Source, int] = {"bytes": 4 * 1024**2, "s3": 15 * 1024**2}  # quotas of DetectCustomLabels

_MAGIC = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}


@cache
def s3_client() -> Any:
    """The S3 client."""
    return boto3.client("s3")


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
        images, skipped = _inspect(client, bucket, _spread(objects), source)
    except ClientError as error:
        raise _explained(error, bucket) from error
    if not images:
        reasons = "; ".join(f"{image.key}: {image.reason}" for image in skipped[:5])
        raise NoUsableImages(
            f"none of the {len(objects)} objects under s3://{bucket}/{prefix} can be used"
            f"{f' ({reasons})' if reasons else ''} - upload JPEG or PNG images there"
        )
    in_order = sorted(images, key=lambda image: image.key)
    return Selection(tuple(in_order), tuple(skipped[:MOST_SKIPPED_TOLD]), len(objects), len(skipped))


def read_image(client: Any, bucket: str, key: str) -> bytes:
    """The image's bytes."""
    body: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def _listed(client: Any, bucket: str, prefix: str) -> Iterator[Image]:
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, PaginationConfig={"MaxItems": MOST_LISTED}
    )
    for found in (found for page in pages for found in page.get("Contents", [])):
        if not found["Key"].endswith("/"):
            yield Image(found["Key"], found["Size"])


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
    with ThreadPoolExecutor(MOST_IMAGES) as threads:
        for start in range(0, len(candidates), MOST_IMAGES):
            batch = candidates[start : start + MOST_IMAGES]
            reasons = threads.map(lambda image: _reason_to_skip(client, bucket, image, source), batch)
            for image, reason in zip(batch, reasons, strict=True):
                if reason:
                    skipped.append(SkippedImage(image.key, reason))
                elif len(images) < MOST_IMAGES:
                    images.append(image)
            if len(images) == MOST_IMAGES:
                break
    return images, skipped


def _reason_to_skip(client: Any, bucket: str, image: Image, source: Source) -> str | None:
    if image.bytes == 0:
        return "it is empty"
    if image.bytes > MOST_BYTES[source]:
        return f"it has {image.bytes:,} bytes; with images.source {source} at most {MOST_BYTES[source]:,} are taken"
    head = client.get_object(Bucket=bucket, Key=image.key, Range="bytes=0-15")["Body"].read()
    if not any(head.startswith(magic) for magic in _MAGIC):
        return f"it is neither {' nor '.join(_MAGIC.values())} (it starts with {str(head[:8])[1:]})"
    return None


def _explained(error: ClientError, bucket: str) -> Exception:
    code = error.response["Error"].get("Code", "")
    if code in ("AccessDenied", "403"):
        return AccessDenied(
            f"the bucket {bucket} is not readable: images are read from this stack's own image bucket only"
            f" - copy them there, or leave images.bucket out ({error.operation_name}: {code})"
        )
    if code == "NoSuchBucket":
        return NoUsableImages(f"there is no bucket {bucket} - check images.bucket")
    return error
