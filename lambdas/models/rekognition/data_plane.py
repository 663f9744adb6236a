"""The data plane: DetectCustomLabels."""

from __future__ import annotations

from botocore.session import Session

from lambdas.aws.settings import settings
from lambdas.models.outcomes import Reply
from lambdas.models.ports import Detector, PreparedRequest, Result
from lambdas.models.rekognition.control_plane import model_endpoint
from lambdas.models.rekognition.reply import reply_of
from lambdas.models.rekognition.request import RequestSigner, request_with_bytes, request_with_object
from lambdas.models.rekognition.result import result_of
from lambdas.models.wire.connection import HttpConnection


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


class LoadConnection(HttpConnection):
    """One lane's connection to the model. Only one thread may use it."""

    def __init__(self, signer: RequestSigner) -> None:
        super().__init__(signer, lambda reply: reply_of(reply.status, reply.body, reply.request_id))
