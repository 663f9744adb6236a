"""Classifies the service's reply: accepted, throttled, or the error's name, with the service's message."""

from __future__ import annotations

from lambdas.models.outcomes import ACCEPTED, ACCOUNT_LIMITS, RAMP_LIMIT, S3_LIMIT, THROTTLED, Reply
from lambdas.models.wire.service_error import error_in


def reply_of(status: int, body: bytes, request_id: bytes = b"") -> Reply:
    """Classify an HTTP status and body. The service's own body is AWS JSON 1.1; a proxy's may be anything."""
    if status == 200:
        return Reply(ACCEPTED, body=body, request_id=request_id.decode("latin-1"))
    error = error_in(body)
    return Reply(_outcome(status, error.name, error.message), error.message)


def _outcome(status: int, name: str, message: str) -> str:
    """The outcome of an error. The message shows if a throttle comes from another limit than the model's."""
    if name == "ProvisionedThroughputExceededException":
        return S3_LIMIT if "S3" in message else THROTTLED
    if name == "ThrottlingException" and "sudden increase" in message:
        return RAMP_LIMIT
    if status == 429 and name not in ACCOUNT_LIMITS:
        return THROTTLED
    return name or f"HTTP{status}"
