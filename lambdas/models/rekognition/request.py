"""DetectCustomLabels requests as bytes: the body is built once per image, the signature once per minute."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from lambdas.models.ports import PreparedRequest
from lambdas.models.rekognition.facts import FACTS

# AWS accepts a SigV4 signature for five minutes. One minute leaves time for clock differences and for sending.
SIGNED_FOR_S = 60.0
HEADS_KEPT = 1000  # signed heads, of about 1 kB each; a load generator repeats its requests, a batch does not

_HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": f"RekognitionService.{FACTS.operation}",
    "amz-sdk-request": "attempt=1; max=1",
    "User-Agent": "inference-unit-tuner",
    "Accept-Encoding": "identity",
}


def request_with_bytes(model_arn: str, image: bytes, min_confidence: float | None = None) -> PreparedRequest:
    """A request that contains the image's bytes."""
    return _prepared(model_arn, {"Bytes": base64.b64encode(image).decode()}, min_confidence)


def request_with_object(
    model_arn: str, bucket: str, key: str, version_id: str | None = None, min_confidence: float | None = None
) -> PreparedRequest:
    """A request that names an object in S3, or one version of it."""
    version = {} if version_id is None else {"Version": version_id}
    return _prepared(model_arn, {"S3Object": {"Bucket": bucket, "Name": key, **version}}, min_confidence)


def _prepared(model_arn: str, image: dict[str, Any], min_confidence: float | None) -> PreparedRequest:
    least = {} if min_confidence is None else {"MinConfidence": min_confidence}
    body = json.dumps({"ProjectVersionArn": model_arn, "Image": image, **least}).encode()
    return PreparedRequest(body, hashlib.sha256(body).hexdigest())


class RequestSigner:
    """Signs requests to one endpoint with botocore's signature. Thread-safe."""

    def __init__(self, endpoint: str, region: str, credentials: Any, clock: Callable[[], float] = time.time) -> None:
        self.endpoint = urlsplit(endpoint)
        self._url = f"{endpoint.rstrip('/')}/"
        # It takes the payload's hash from the header X-Amz-Content-SHA256 and does not compute it again.
        self._signer = SigV4Auth(credentials, FACTS.key, region)
        self._clock = clock
        self._heads: dict[str, tuple[float, bytes]] = {}  # body's hash -> (time of signing in epoch seconds, head)

    def head(self, prepared: PreparedRequest) -> bytes:
        """The request line and the signed headers, up to and including the empty line."""
        now = self._clock()
        signed_at, head = self._heads.get(prepared.sha256, (0.0, b""))
        if abs(now - signed_at) >= SIGNED_FOR_S:
            head = self._signed(prepared)
            if len(self._heads) >= HEADS_KEPT:
                self._heads.clear()
            self._heads[prepared.sha256] = now, head
        return head

    def _signed(self, prepared: PreparedRequest) -> bytes:
        headers = {**_HEADERS, "Host": self.endpoint.netloc, "X-Amz-Content-SHA256": prepared.sha256}
        request = AWSRequest("POST", self._url, headers)
        self._signer.add_auth(request)
        lines = [f"{name}: {value}" for name, value in request.headers.items()]
        path = f"{self.endpoint.path.rstrip('/')}/"
        head = [f"POST {path} HTTP/1.1", *lines, f"Content-Length: {len(prepared.body)}", "", ""]
        return "\r\n".join(head).encode("latin-1")
