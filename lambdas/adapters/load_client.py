"""DetectCustomLabels as a load generator needs it: one attempt per call, little CPU.

An image's request body and its hash are made once; a call costs a signature (botocore's) and a
send over the lane's own kept-alive connection (http.client's: which urllib3 the Lambda runtime brings
along is not documented). Nothing here retries: on the wire there is exactly one request per call.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import select
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import get_cert_path

from lambdas.capacity.step import ACCEPTED, CONNECTION_LOST, RAMP_LIMIT, S3_LIMIT, THROTTLED, TIMED_OUT

TIMEOUT_S = 15.0

_HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "RekognitionService.DetectCustomLabels",
    "amz-sdk-request": "attempt=1; max=1",
    "User-Agent": "inference-unit-tuner",
}


@dataclass(frozen=True)
class PreparedRequest:
    """A request body and its SHA-256, in hex."""

    body: bytes
    sha256: str


@dataclass(frozen=True)
class Reply:
    """What came back: ACCEPTED, THROTTLED, or the name of an error, with the service's message."""

    outcome: str
    message: str = ""


def request_with_bytes(model_arn: str, image: bytes) -> PreparedRequest:
    """A request that carries the image."""
    return _prepared(model_arn, {"Bytes": base64.b64encode(image).decode()})


def request_with_object(model_arn: str, bucket: str, key: str) -> PreparedRequest:
    """A request that names an object in S3."""
    return _prepared(model_arn, {"S3Object": {"Bucket": bucket, "Name": key}})


def _prepared(model_arn: str, image: dict[str, Any]) -> PreparedRequest:
    body = json.dumps({"ProjectVersionArn": model_arn, "Image": image}).encode()
    return PreparedRequest(body, hashlib.sha256(body).hexdigest())


class _PreparedSigV4(SigV4Auth):
    """SigV4 that takes the payload's hash from the request instead of computing it again."""

    def payload(self, request: AWSRequest) -> str:
        return str(request.headers["X-Amz-Content-SHA256"])


class LoadConnection:
    """One lane's connection to the model. Not for use by several threads."""

    def __init__(self, endpoint: str, region: str, credentials: Any) -> None:
        url = urlsplit(endpoint)
        self._url = f"{endpoint.rstrip('/')}/"
        self._path = f"{url.path.rstrip('/')}/"
        self._signer = _PreparedSigV4(credentials, "rekognition", region)
        self._connection: http.client.HTTPConnection
        if url.scheme == "https":
            trusted = ssl.create_default_context(cafile=get_cert_path(True))
            self._connection = http.client.HTTPSConnection(url.netloc, timeout=TIMEOUT_S, context=trusted)
        else:
            self._connection = http.client.HTTPConnection(url.netloc, timeout=TIMEOUT_S)
        self.requests_on_wire = 0

    def connect(self) -> None:
        """Open the connection ahead of the first request; a failure shows in that request."""
        self._drop_if_stale()
        try:
            if self._connection.sock is None:
                self._connection.connect()
        except OSError:
            self._connection.close()

    def send(self, prepared: PreparedRequest) -> Reply:
        """One request, one attempt."""
        headers = self._signed_headers(prepared)
        self._drop_if_stale()
        self.requests_on_wire += 1
        try:
            self._connection.request("POST", self._path, body=prepared.body, headers=headers)
            response = self._connection.getresponse()
            body = response.read()
        except TimeoutError as error:
            self._connection.close()
            return Reply(TIMED_OUT, str(error))
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return Reply(CONNECTION_LOST, str(error))
        return Reply(ACCEPTED) if response.status == 200 else _refusal(response.status, body)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _drop_if_stale(self) -> None:
        """A kept connection with something to read was closed by the other side; the next send opens a new one."""
        if self._connection.sock is not None and select.select([self._connection.sock], [], [], 0)[0]:
            self._connection.close()

    def _signed_headers(self, prepared: PreparedRequest) -> dict[str, str]:
        request = AWSRequest("POST", self._url, {**_HEADERS, "X-Amz-Content-SHA256": prepared.sha256})
        self._signer.add_auth(request)
        return dict(request.headers.items())


def _refusal(status: int, body: bytes) -> Reply:
    """The error's name, with the throttles that are not the model's told apart by their message."""
    try:
        error = json.loads(body)
        code = str(error.get("__type") or error.get("Code") or status).rpartition("#")[2]
        message = str(error.get("Message") or error.get("message") or "")
    except (ValueError, AttributeError):
        return Reply(f"HTTP{status}")
    if code == "ProvisionedThroughputExceededException":
        return Reply(S3_LIMIT if "S3" in message else THROTTLED, message)
    if code == "ThrottlingException" and "sudden increase" in message.lower():
        return Reply(RAMP_LIMIT, message)
    return Reply(code, message)
