"""The ports to a model service. Each service has a folder whose modules implement them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from iu_tuner.contract.detections import Label
from lambdas.models.outcomes import Reply
from lambdas.models.recent_traffic import TrafficSeen
from lambdas.models.status import ModelState
from lambdas.models.usage import UsageSums, Window


class ModelControl(Protocol):
    """One model's control plane. Only the next `look` shows whether a start or a stop had an effect."""

    @property
    def model_arn(self) -> str:
        """The model's ARN."""

    @property
    def handle(self) -> str:
        """The service's own identifier that calls need together with the ARN. It is stored for later calls."""

    def look(self) -> ModelState:
        """Read the model's present state. Raises ModelNotFound, AccessDenied."""

    def start(
        self, min_units: int, max_units: int | None = None, *, token: str, failed: ModelState | None = None
    ) -> None:
        """Request a start. Without `max_units` the model does not auto-scale. `failed` is its state if it is FAILED.

        A service that knows client tokens takes two requests with the same `token` for one.

        Raises:
            ModelNotStartable: the model is FAILED, and the start was refused.
            ModelStartFailed: a retry would be refused, too. ModelNotFound, AccessDenied.
        """

    def stop(self, *, token: str) -> None:
        """Request a stop. Raises ModelNotFound, AccessDenied."""


@dataclass(frozen=True)
class PreparedRequest:
    """A request with its body and that body's SHA-256 in hex. It may be sent any number of times."""

    body: bytes
    sha256: str
    method: str = "POST"
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What the model found in an image: the members of the answer as boto3 gives them, and their labels.

    `mask` is a PNG that shows where the anomalies are, which the members leave out; it is empty if the answer has none,
    and None if the service knows no masks.
    """

    members: Mapping[str, Any]
    labels: tuple[Label, ...]
    mask: bytes | None = None


class Connection(Protocol):
    """One thread's connection to a model. Each call sends one request, without retries."""

    requests_on_wire: int
    bytes_on_wire: int

    def connect(self) -> None:
        """Open the connection ahead of the first request."""

    def send(self, prepared: PreparedRequest) -> Reply:
        """Send the request and classify the reply."""

    def close(self) -> None:
        """Close the connection."""


class Detector(Protocol):
    """One model's data plane.

    A request asks for labels from `min_confidence` (0 to 100) on. If it is None, the service's own thresholds count.
    A service without such a limit answers all that it found.
    """

    def request_with_bytes(self, image: bytes, min_confidence: float | None = None) -> PreparedRequest:
        """A request that contains the image's bytes."""

    def request_with_object(
        self, bucket: str, key: str, version_id: str | None = None, min_confidence: float | None = None
    ) -> PreparedRequest:
        """A request that names an object in S3, or one version of it.

        Raises:
            InvalidInput: the service reads no images from S3.
        """

    def result(self, reply: Reply) -> Result:
        """Read an accepted reply. Raises ValueError if its body is not an answer of the service."""

    def connection(self) -> Connection:
        """A new connection, which is not open yet."""


class Usage(Protocol):
    """CloudWatch's counts of the requests to one model. If CloudWatch does not answer, that is an error, not a 0."""

    def recent_requests(self, now: float) -> TrafficSeen:
        """The requests of the minutes before `now` (epoch seconds). Raises AccessDenied, InternalError."""

    def units_in_service(self, now: float) -> int | None:
        """The inference units in service. Returns None without a value. Raises AccessDenied, InternalError."""

    def past_requests(self, window: Window) -> UsageSums:
        """The requests in the window, by period. Raises AccessDenied, InternalError."""
