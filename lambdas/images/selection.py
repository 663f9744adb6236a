"""Selects the images of a run from the bucket, and reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from iu_tuner.contract.choices import Source
from iu_tuner.contract.errors import NoUsableImages
from iu_tuner.contract.image_prefix import is_like_a_pattern
from iu_tuner.contract.names import REPORT_PREFIX
from lambdas.aws.clients import client
from lambdas.aws.errors import ClientError
from lambdas.images.coverage import ImagesFound, advice
from lambdas.images.image import Image, SkippedImage
from lambdas.images.listing import Listing, list_objects, prefixes_near
from lambdas.images.refusals import run_error_of
from lambdas.images.search import MAX_IMAGES, ImageSearch

MAX_SKIPPED_LISTED = 50  # skipped images with reasons: the size of a table item and of an output is limited
MAX_KINDS_SHOWN = 5  # kinds of faults that the error names if no object can be used


def s3_client() -> Any:
    """The S3 client, with enough connections to inspect MAX_IMAGES images at the same time."""
    return client("s3", attempts=4, max_connections=MAX_IMAGES)


@dataclass(frozen=True)
class Selection:
    """The images to use, the first skipped objects, and the total numbers of objects found and skipped."""

    images: tuple[Image, ...]
    skipped: tuple[SkippedImage, ...]
    object_count: int
    skipped_total: int
    counted: ImagesFound | None = None


def choose_images(s3: Any, bucket: str, prefix: str, source: Source) -> Selection:
    """Choose up to MAX_IMAGES images under a prefix, spread evenly over the sizes found there.

    Raises:
        NoUsableImages: no object can be used. AccessDenied: the bucket can't be read.
    """
    try:
        listing = list_objects(s3, bucket, prefix)
        search = ImageSearch(s3, bucket, source)
        search.look_through(listing.objects)
    except ClientError as error:
        raise run_error_of(error, bucket, prefix) from error
    if not search.images:
        raise NoUsableImages(_no_image_message(s3, bucket, listing, search.skipped))
    object_count, skipped = len(listing.objects), search.skipped
    counted = ImagesFound.of(search.samples, prefix=listing.prefix, listing_was_cut=listing.was_cut)
    sorted_images = sorted(search.images, key=lambda image: image.key)
    return Selection(tuple(sorted_images), tuple(skipped[:MAX_SKIPPED_LISTED]), object_count, len(skipped), counted)


def read_image(s3: Any, bucket: str, key: str) -> bytes:
    """Read an image's bytes.

    Raises:
        AccessDenied, NoUsableImages: S3 refuses to return the image.
    """
    try:
        body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        raise run_error_of(error, bucket, key) from error
    return body


def _no_image_message(s3: Any, bucket: str, listing: Listing, skipped: Sequence[SkippedImage]) -> str:
    """The error message if no image can be used: the number of objects by kind of fault, and what to do."""
    kinds = Counter(image.kind for image in skipped).most_common()
    example = {image.kind: image for image in reversed(skipped)}
    reasons = [f"{n:,} {kind}, like {example[kind].key}: {example[kind].reason}" for kind, n in kinds[:MAX_KINDS_SHOWN]]
    object_count, address = len(listing.objects), f"s3://{bucket}/{listing.prefix}"
    steps = [*advice(kind for kind, _ in kinds), "upload JPEG or PNG images there"]
    if not object_count:
        pattern = " (it is no pattern)" if is_like_a_pattern(listing.prefix) else ""
        near_prefixes = [place for place in prefixes_near(s3, bucket, listing.prefix) if place != REPORT_PREFIX]
        if near_prefixes:
            steps.insert(0, f"give a prefix that exists as images.prefix{pattern}: {', '.join(near_prefixes)}")
    inspected_clause = f"{len(skipped):,} looked at of the " if len(skipped) < object_count else ""
    first_clause = "first " if listing.was_cut else ""
    reasons_clause = f" ({'; '.join(reasons)})" if reasons else ""
    return (
        f"none of the {inspected_clause}{first_clause}{object_count:,} objects under {address} can be"
        f" used{reasons_clause} - " + "; or ".join(steps)
    )
