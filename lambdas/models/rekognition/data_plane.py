"""The data plane: DetectCustomLabels, with one attempt per call and little CPU.

Connections are those of http.client, as AWS does not document which urllib3 the Lambda runtime contains. The bytes of
the requests are prepared. Without retries, each call sends exactly one request. Proxies from the environment are not
used, since a test would measure the proxy.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
from functools import cache

from botocore.httpsession import get_cert_path
from botocore.session import Session

from lambdas.aws.settings import settings
from lambdas.models.outcomes import CONNECTION_LOST, TIMED_OUT, Reply
from lambdas.models.ports import Detector, PreparedRequest, Result
from lambdas.models.rekognition.control_plane import model_endpoint
from lambdas.models.rekognition.http_reply import HttpReply, read_reply
from lambdas.models.rekognition.reply import reply_of
from lambdas.models.rekognition.request import RequestSigner, request_with_bytes, request_with_object
from lambdas.models.rekognition.result import result_of

TIMEOUT_S = 15.0


class CustomLabelsDetector:
    """The data plane of a model version. Its connections share one signer, which signs a request once a minute."""

    def __init__(self, model_arn: str, signer: RequestSigner) -> None:
        self._model_arn = model_arn
        self._signer = signer

    def request_with_bytes(self, image: bytes, min_confidence: float | None = None) -> PreparedRequest:
        """A request that contains the image's bytes."""
        return request_with_bytes(self._model_arn, image, min_confidence)

    def request_with_object(
        self, bucket: str, key: str, version_id: str | None = None, min_confidence: float | None = None
    ) -> PreparedRequest:
        """A request that names an object in S3, or one version of it."""
        return request_with_object(self._model_arn, bucket, key, version_id, min_confidence)

    def result(self, reply: Reply) -> Result:
        """Read an accepted reply. Raises ValueError if its body is not an answer of the service."""
        return result_of(reply)

    def connection(self) -> LoadConnection:
        """A new connection, which is not open yet."""
        return LoadConnection(self._signer)


def detector_of(model_arn: str) -> Detector:
    """The data plane of a model, with this function's endpoint and credentials."""
    signer = RequestSigner(model_endpoint(), settings().region, Session().get_credentials())
    return CustomLabelsDetector(model_arn, signer)


class LoadConnection:
    """One lane's connection to the model. Only one thread may use it."""

    def __init__(self, signer: RequestSigner) -> None:
        self._signer = signer
        address = signer.endpoint.netloc
        self._connection: http.client.HTTPConnection
        if signer.endpoint.scheme == "https":
            tls = _tls_context(_trusted_certificates())
            self._connection = http.client.HTTPSConnection(address, timeout=TIMEOUT_S, context=tls)
        else:
            self._connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
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
        return reply_of(reply.status, reply.body, reply.request_id)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _exchange(self, head: bytes, body: bytes) -> HttpReply:
        wire = self._open_socket()
        wire.sendall(head)
        wire.sendall(body)
        reply = read_reply(wire.recv)
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
        wire = self._connection.sock
        wire.settimeout(0)
        try:
            wire.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            wire.settimeout(TIMEOUT_S)
            return True
        except OSError:
            pass
        return False


@cache
def _tls_context(trusted: str) -> ssl.SSLContext:
    """The TLS context of all connections. It is cached, as creating one takes 50 ms of CPU and 0.7 MB."""
    return ssl.create_default_context(cafile=trusted)


def _trusted_certificates() -> str:
    """The path of boto3's file of certificates: AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE, or botocore's own."""
    bundle = Session().get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
    return str(bundle or get_cert_path(True))
