"""Requests as bytes: the body is built once per image, the signature once per minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from lambdas.models.ports import PreparedRequest

# AWS accepts a SigV4 signature for five minutes. One minute leaves time for clock differences and for sending.
SIGNATURE_REUSE_S = 60.0
MAX_CACHED_HEADS = 1000  # signed heads, of about 1 kB each; a load generator repeats its requests, a batch does not

_HEADERS = {"amz-sdk-request": "attempt=1; max=1", "User-Agent": "inference-unit-tuner", "Accept-Encoding": "identity"}


class Signer:
    """Signs requests to one endpoint with botocore's signature for the service `key`. Thread-safe.

    The requests that one signer signs differ in their bodies, by which it finds their signed heads again.
    """

    def __init__(
        self, key: str, endpoint: str, region: str, credentials: Any, clock: Callable[[], float] = time.time
    ) -> None:
        self.endpoint = urlsplit(endpoint)
        self._url = endpoint.rstrip("/")
        # It takes the payload's hash from the header X-Amz-Content-SHA256 and does not compute it again.
        self._signer = SigV4Auth(credentials, key, region)
        self._clock = clock
        self._heads: dict[str, tuple[float, bytes]] = {}  # body's hash -> (time of signing in epoch seconds, head)

    def head(self, prepared: PreparedRequest) -> bytes:
        """The request line and the signed headers, up to and including the empty line."""
        now = self._clock()
        signed_at, head = self._heads.get(prepared.sha256, (0.0, b""))
        if abs(now - signed_at) >= SIGNATURE_REUSE_S:
            head = self._signed_head(prepared)
            if len(self._heads) >= MAX_CACHED_HEADS:
                self._heads.clear()
            self._heads[prepared.sha256] = now, head
        return head

    def _signed_head(self, prepared: PreparedRequest) -> bytes:
        own_headers = {"Host": self.endpoint.netloc, "X-Amz-Content-SHA256": prepared.sha256}
        headers = {**prepared.headers, **_HEADERS, **own_headers}
        request = AWSRequest(prepared.method, f"{self._url}{prepared.path}", headers)
        self._signer.add_auth(request)
        lines = [f"{name}: {value}" for name, value in request.headers.items()]
        path = f"{self.endpoint.path.rstrip('/')}{prepared.path}"
        head = [f"{prepared.method} {path} HTTP/1.1", *lines, f"Content-Length: {len(prepared.body)}", "", ""]
        return "\r\n".join(head).encode("latin-1")
