"""A connection to a model service, with one attempt per request and little CPU.

Connections are those of http.client, as AWS does not document which urllib3 the Lambda runtime contains. The bytes of
the requests are prepared. Without retries, each call sends exactly one request. Proxies from the environment are not
used, since a test would measure the proxy.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
from collections.abc import Callable
from functools import cache

from botocore.httpsession import get_cert_path
from botocore.session import Session

from lambdas.models.outcomes import CONNECTION_LOST, TIMED_OUT, Reply
from lambdas.models.ports import PreparedRequest
from lambdas.models.wire.http_reply import HttpReply, read_reply
from lambdas.models.wire.signer import Signer

TIMEOUT_S = 15.0


class HttpConnection:
    """A connection to the signer's endpoint, whose replies `classify` classifies. Only one thread may use it."""

    def __init__(self, signer: Signer, classify: Callable[[HttpReply], Reply], timeout_s: float = TIMEOUT_S) -> None:
        self._signer = signer
        self._classify = classify
        self._timeout_s = timeout_s
        address = signer.endpoint.netloc
        self._connection: http.client.HTTPConnection
        if signer.endpoint.scheme == "https":
            tls = _tls_context(_trusted_certificates())
            self._connection = http.client.HTTPSConnection(address, timeout=timeout_s, context=tls)
        else:
            self._connection = http.client.HTTPConnection(address, timeout=timeout_s)
        self.requests_on_wire = 0
        self.bytes_on_wire = 0  # bytes of requests and of the bodies of replies

    def connect(self) -> None:
        """Open the connection before the first request. If this fails, that request fails, too."""
        try:
            self._open_socket()
        except OSError:
            self._connection.close()

    def send(self, prepared: PreparedRequest) -> Reply:
        """Send one request without retries, and classify the reply. Lost connections and timeouts are replies, too."""
        head = self._signer.head(prepared)
        self.requests_on_wire += 1
        try:
            reply = self._exchange(head, prepared.body)
        except TimeoutError as error:
            self._connection.close()
            return Reply(TIMED_OUT, str(error))
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return Reply(CONNECTION_LOST, str(error))
        self.bytes_on_wire += len(head) + len(prepared.body) + len(reply.body)
        return self._classify(reply)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _exchange(self, head: bytes, body: bytes) -> HttpReply:
        open_socket = self._open_socket()
        open_socket.sendall(head)
        open_socket.sendall(body)
        reply = read_reply(open_socket.recv)
        if reply.is_last:
            self._connection.close()
        return reply

    def _open_socket(self) -> socket.socket:
        """The socket of the present connection if it is still open, else that of a new one."""
        if self._connection.sock is not None and not self._is_open():
            self._connection.close()
        if self._connection.sock is None:
            self._connection.connect()
        return self._connection.sock

    def _is_open(self) -> bool:
        """Whether the connection is open and idle: data to read would be its end, or a reply without a request.

        A TLS 1.3 socket may also hold session tickets, which are no application data.
        """
        open_socket = self._connection.sock
        open_socket.settimeout(0)
        try:
            open_socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            open_socket.settimeout(self._timeout_s)
            return True
        except OSError:
            pass
        return False


@cache
def _tls_context(certificates_path: str) -> ssl.SSLContext:
    """The TLS context of all connections. It is cached, as creating one takes 50 ms of CPU and 0.7 MB."""
    return ssl.create_default_context(cafile=certificates_path)


def _trusted_certificates() -> str:
    """The path of boto3's file of certificates: AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE, or botocore's own."""
    bundle = Session().get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
    return str(bundle or get_cert_path(True))
