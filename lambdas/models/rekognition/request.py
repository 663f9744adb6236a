"""DetectCustomLabels requests as bytes."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

from lambdas.models.ports import PreparedRequest
from lambdas.models.rekognition.facts import FACTS
from lambdas.models.wire.signer import Signer

_HEADERS = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"RekognitionService.{FACTS.operation}"}


def request_with_bytes(model_arn: str, image: bytes, min_confidence: float | None = None) -> PreparedRequest:
    """A request that contains the image's bytes."""
    return _prepared_request(model_arn, {"Bytes": base64.b64encode(image).decode()}, min_confidence)


def request_with_object(
    model_arn: str, bucket: str, key: str, version_id: str | None = None, min_confidence: float | None = None
) -> PreparedRequest:
    """A request that names an object in S3, or one version of it."""
    version = {} if version_id is None else {"Version": version_id}
    return _prepared_request(model_arn, {"S3Object": {"Bucket": bucket, "Name": key, **version}}, min_confidence)


def _prepared_request(model_arn: str, image: dict[str, Any], min_confidence: float | None) -> PreparedRequest:
    confidence_limit = {} if min_confidence is None else {"MinConfidence": min_confidence}
    body = json.dumps({"ProjectVersionArn": model_arn, "Image": image, **confidence_limit}).encode()
    return PreparedRequest(body, hashlib.sha256(body).hexdigest(), headers=_HEADERS)


class RequestSigner(Signer):
    """Signs requests to one endpoint of Rekognition. Thread-safe."""

    def __init__(self, endpoint: str, region: str, credentials: Any, clock: Callable[[], float] = time.time) -> None:
        super().__init__(FACTS.key, endpoint, region, credentials, clock)
