"""Parses DetectCustomLabels requests, each different body once, and names their images."""

import base64
import binascii
import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from local.simulated_model.errors import ServiceError, invalid_parameters
from local.simulated_model.wire import request
from local.simulated_model.wire.images import MAX_BYTES, Image, inspect

# Maximum number of cached bodies, one per image and model; then the cache is cleared.
BODIES_KEPT = 20_000
BUCKET = re.compile(r"[0-9A-Za-z\.\-_]*")
ANYTHING = re.compile(r".*", re.DOTALL)


class S3Name(NamedTuple):
    """The S3 name of an image that is not sent as bytes."""

    bucket: str
    key: str
    version: str | None


@dataclass(frozen=True)
class DetectRequest:
    """A well-formed request. A limit that it does not name is None."""

    version_arn: str
    image: Image | S3Name
    max_labels: int | None
    min_confidence: float | None

    @property
    def key(self) -> str | None:
        """The image's key in S3. Returns None for an image that came as bytes."""
        return self.image.key if isinstance(self.image, S3Name) else None

    @cached_property
    def image_name(self) -> str:
        """The image's name in the books: its key in S3, or its content's SHA-256 in hex."""
        return self.image.key if isinstance(self.image, S3Name) else self.image.content_sha256.hex()


class DetectParser:
    """Parses bodies and caches the results by SHA-256."""

    def __init__(self) -> None:
        self._known: dict[bytes, DetectRequest | ServiceError] = {}

    def parse(self, body: bytes, body_sha256: bytes) -> DetectRequest:
        """Parse `body`. Raises ServiceError if the request is invalid."""
        known = self._known.get(body_sha256)
        if known is None:
            known = _parse_or_error(body)
            if len(self._known) >= BODIES_KEPT:
                self._known.clear()
            self._known[body_sha256] = known
        if isinstance(known, ServiceError):
            raise ServiceError(known.code, known.message)
        return known


def _parse_or_error(body: bytes) -> DetectRequest | ServiceError:
    try:
        members = request.parse(body)
        return DetectRequest(
            request.arn(members, "ProjectVersionArn", request.VERSION_ARN),
            _image(request.structure(members, "Image", "image")),
            request.integer(members, "MaxResults", 0),
            request.number(members, "MinConfidence", 0, 100),
        )
    except ServiceError as error:
        return error


def _image(image: dict[str, object]) -> Image | S3Name:
    content, named = image.get("Bytes"), image.get("S3Object")
    if (content is None) == (named is None):
        raise invalid_parameters()
    if content is None:
        return _s3_name(request.structure(image, "S3Object", "image.s3Object"))
    try:
        return inspect(base64.b64decode(str(content), validate=True), MAX_BYTES)
    except (binascii.Error, ValueError) as error:
        raise ServiceError("SerializationException", "image.bytes is no valid base64") from error


def _s3_name(named: dict[str, object]) -> S3Name:
    bucket = request.text(named, "Bucket", "image.s3Object.bucket", BUCKET, 3, 255)
    key = request.text(named, "Name", "image.s3Object.name", ANYTHING, 1, 1024)
    version = request.text(named, "Version", "image.s3Object.version", ANYTHING, 1, 1024)
    if bucket is None or key is None:
        raise invalid_parameters()
    return S3Name(bucket, key, version)
