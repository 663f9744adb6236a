"""Classifies the service's replies: to DetectAnomalies, and to calls of the control plane."""

from __future__ import annotations

from lambdas.models.outcomes import ACCEPTED, THROTTLED, Reply
from lambdas.models.wire.http_reply import HttpReply
from lambdas.models.wire.service_error import ServiceError, error_in

# Errors of DetectAnomalies that all services have, by the names in `lambdas/models/outcomes.py` and in the report.
_COMMON_ERROR_NAMES = {
    "ConflictException": "ResourceNotReadyException",
    "InternalServerException": "InternalServerError",
}


def detect_reply(reply: HttpReply) -> Reply:
    """The outcome of a DetectAnomalies request."""
    if reply.status == 200:
        return _accepted(reply)
    error = error_in(reply.body, reply.error_type)
    return Reply(_outcome(reply.status, error), error.message)


def call_reply(reply: HttpReply) -> Reply:
    """The outcome of a call of the control plane: ACCEPTED or the error's name."""
    if reply.status in (200, 202):
        return _accepted(reply)
    error = error_in(reply.body, reply.error_type)
    return Reply(error.name or f"HTTP{reply.status}", error.message)


def _accepted(reply: HttpReply) -> Reply:
    return Reply(ACCEPTED, body=reply.body, request_id=reply.request_id.decode("latin-1"))


def _outcome(status: int, error: ServiceError) -> str:
    """The outcome of an error of DetectAnomalies.

    With 429, a quota's code names a limit of the account; that it does is inferred from the API model. 400 and 413 are
    about the image.
    """
    if status == 429:
        return "ThrottlingException" if error.members.get("QuotaCode") else THROTTLED
    if status in (400, 413):
        return "ValidationException"
    return _COMMON_ERROR_NAMES.get(error.name, error.name) or f"HTTP{status}"
