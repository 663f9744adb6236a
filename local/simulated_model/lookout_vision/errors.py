"""The errors of the service: those of the simulated model in its words, with their HTTP status and headers."""

import json
import uuid
from typing import Any

from aiohttp import web

from local.simulated_model.errors import ServiceError

STATUS = {
    "AccessDeniedException": 403,
    "ConflictException": 409,
    "InternalServerException": 500,
    "ResourceNotFoundException": 404,
    "ServiceQuotaExceededException": 402,
    "ThrottlingException": 429,
    "ValidationException": 400,
}
SERVICE = "lookoutvision"
RETRY_AFTER_S = 1
# Code of the simulated model -> the service's; all other codes but those of STATUS are about the signature.
_SAME_AS = {
    "ImageTooLargeException": "ValidationException",
    "InternalServerError": "InternalServerException",
    "InvalidImageFormatException": "ValidationException",
    "InvalidParameterException": "ValidationException",
    "LimitExceededException": "ServiceQuotaExceededException",
    "ProvisionedThroughputExceededException": "ThrottlingException",
    "ResourceInUseException": "ConflictException",
    "ResourceNotReadyException": "ConflictException",
    "SerializationException": "ValidationException",
}


def error_response(error: ServiceError, resource_id: str = "") -> web.Response:
    """The response to a request that is refused or fails; `resource_id` is the model that it is about."""
    code = _SAME_AS.get(error.code, error.code)
    members: dict[str, Any] = {"Message": error.message}
    if code in ("ConflictException", "ResourceNotFoundException"):
        members |= {"ResourceId": resource_id, "ResourceType": "MODEL"}
    if code == "ServiceQuotaExceededException" or error.code == "ThrottlingException":
        members |= {"QuotaCode": "L-SIMULATED", "ServiceCode": SERVICE}
    headers = {"x-amzn-ErrorType": code}
    if code in ("ThrottlingException", "InternalServerException"):
        headers["Retry-After"] = str(RETRY_AFTER_S)
    return json_response(members, STATUS.get(code, 403), headers)


def json_response(
    members: dict[str, Any] | bytes, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """A response with the headers of the real service."""
    body = members if isinstance(members, bytes) else json.dumps(members).encode()
    own = {"x-amzn-RequestId": str(uuid.uuid4()), "Content-Type": "application/json"}
    return web.Response(body=body, status=status, headers={**own, **(headers or {})})
