"""Checks if an object of the bucket can be sent to the model."""

from __future__ import annotations

from typing import Any

from iu_tuner.contract.choices import Source
from iu_tuner.contract.names import REPORT_PREFIX
from lambdas.aws.errors import ClientError
from lambdas.aws.settings import settings
from lambdas.images.formats import fault_of_companion, fault_of_format
from lambdas.images.image import Fault, Image, fault_of_bytes
from lambdas.images.refusals import is_outage
from lambdas.images.sides import HEAD_BYTES, fault_of_picture


def fault_in_listing(bucket: str, image: Image, source: Source) -> Fault | None:
    """The fault of an object that its key and size show. Returns None if its content must be read to decide."""
    if bucket == settings().image_bucket and image.key.startswith(REPORT_PREFIX):
        return Fault("a run's report", f"{REPORT_PREFIX} is kept for the reports of runs")
    return fault_of_companion(image.key) or fault_of_bytes(image.bytes, source)


def fault_in_content(client: Any, bucket: str, image: Image) -> Fault | None:
    """The fault of an object that the start of its content shows. Returns None if the object can be sent.

    Raises:
        ClientError: S3 fails, or refuses to return the object.
    """

    def read(offset: int, length: int) -> bytes:
        last = min(offset + length, image.bytes) - 1
        if last < offset:
            return b""
        answer = client.get_object(Bucket=bucket, Key=image.key, Range=f"bytes={offset}-{last}")
        content: bytes = answer["Body"].read()
        return content

    head = read(0, HEAD_BYTES)
    return fault_of_format(head) or fault_of_picture(head, read)


def fault_of_refusal(error: ClientError) -> Fault | None:
    """The fault of an object that S3 refuses: deleted, archived, or not readable. Returns None if S3 itself fails."""
    return None if is_outage(error) else Fault("not readable", f"S3 does not give it out ({error})")
