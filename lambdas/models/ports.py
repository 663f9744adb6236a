"""What the rest asks of a model service. Each service has a folder whose modules offer these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from lambdas.models.outcomes import Reply
from lambdas.models.recent_traffic import TrafficSeen
from lambdas.models.status import ModelState
from lambdas.models.usage import UsageSums, Window


class ModelControl(Protocol):
    """One model: look at it, start it, stop it. Only the next look tells what came of a start or a stop."""

    @property
    def model_arn(self) -> str:
        """The model's ARN."""

    @property
    def handle(self) -> str:
        """What the service needs besides the ARN, found once and kept for later calls."""

    def look(self) -> ModelState:
        """The model as of now. Raises ModelNotFound, AccessDenied."""

    def start(self, min_units: int, max_units: int | None = None, *, failed: ModelState | None = None) -> None:
        """Ask for a start; without `max_units` the model does not auto-scale. `failed`: as seen, if it was FAILED.

        Raises:
            ModelNotStartable: it is FAILED, and the start was refused.
            ModelStartFailed: refused for good. ModelNotFound, AccessDenied.
        """

    def stop(self) -> None:
        """Ask for a stop. Raises ModelNotFound, AccessDenied."""


@dataclass(frozen=True)
class PreparedRequest:
    """A request body and its SHA-256, in hex. It may be sent any number of times."""

    body: bytes
    sha256: str


class Connection(Protocol):
    """One thread's connection to a model. One request is sent per call: nothing is repeated."""

    requests_on_wire: int
    bytes_on_wire: int

    def connect(self) -> None:
        """Open the connection ahead of the first request."""

    def send(self, prepared: PreparedRequest) -> Reply:
        """Send the request and classify the reply."""

    def close(self) -> None:
        """Close the connection."""


class Detector(Protocol):
    """One model's inference, as a load generator needs it."""

    def request_with_bytes(self, image: bytes) -> PreparedRequest:
        """A request that carries the image."""

    def request_with_object(self, bucket: str, key: str) -> PreparedRequest:
        """A request that names an object in S3."""

    def connection(self) -> Connection:
        """A new connection, not open yet."""


class Usage(Protocol):
    """CloudWatch's counts of the requests to one model. Its silence is an error, never "no requests"."""

    def recent(self, now: float) -> TrafficSeen:
        """The requests just before `now` (epoch seconds). Raises AccessDenied, InternalError."""

    def past(self, window: Window) -> UsageSums:
        """The requests of the window. Raises AccessDenied, InternalError."""
