"""The data plane: DetectAnomalies."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.model_arn import service_of
from lambdas.models.lookout_vision.control_plane import signer
from lambdas.models.lookout_vision.reply import detect_reply
from lambdas.models.lookout_vision.request import request_with_bytes
from lambdas.models.lookout_vision.result import result_of
from lambdas.models.outcomes import Reply
from lambdas.models.ports import Detector, PreparedRequest, Result
from lambdas.models.wire.connection import HttpConnection
from lambdas.models.wire.signer import Signer


class AnomalyDetector:
    """The data plane of a model. Its connections share one signer, which signs a request once a minute.

    The signer is made for the first connection: a function that sends nothing has no endpoint of the service.
    """

    def __init__(self, model_arn: str, signer: Callable[[], Signer]) -> None:
        self._model_arn = model_arn
        self._signer = cache(signer)

    def request_with_bytes(self, image: bytes, min_confidence: float | None = None) -> PreparedRequest:
        """A request that contains the image's bytes. The service knows no minimum confidence."""
        return request_with_bytes(self._model_arn, image)

    def request_with_object(
        self, bucket: str, key: str, version_id: str | None = None, min_confidence: float | None = None
    ) -> PreparedRequest:
        """Raises InvalidInput, as the service reads no images from S3."""
        raise InvalidInput(str(service_of(self._model_arn).refusal("s3")))

    def result(self, reply: Reply) -> Result:
        """Read an accepted reply. Raises ValueError if its body is not an answer of the service."""
        return result_of(reply)

    def connection(self) -> HttpConnection:
        """A new connection, which is not open yet. Raises ServiceEnded."""
        return HttpConnection(self._signer(), detect_reply)


def detector_of(model_arn: str) -> Detector:
    """The data plane of a model, with this function's endpoint and credentials."""
    return AnomalyDetector(model_arn, signer)
