"""The service's protocol, JSON 1.1 over HTTP: reads the operation of a request, and makes responses."""

import asyncio
import re
import socket
import struct
import uuid
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.web_request import BaseRequest

from local.simulated_model.errors import ServiceError
from local.simulated_model.wire.data_plane import Detected
from local.simulated_model.wire.operations import OPERATIONS

TARGET_PREFIX = "RekognitionService."
DETECT = "DetectCustomLabels"
JSON_1_1 = "application/x-amz-json-1.1"
# Bytes; larger than any valid body (15 MB in base64).
MAX_BODY_BYTES = 32 * 1024**2
ATTEMPT = re.compile(r"attempt=(\d+)")


def make_request(message: Any, payload: Any, protocol: Any, writer: Any, task: "asyncio.Task[None]") -> BaseRequest:
    """A request of aiohttp that allows large bodies."""
    loop = asyncio.get_running_loop()
    return BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY_BYTES)


def asked_operation(request: BaseRequest) -> str:
    """The operation's name. Raises ServiceError (UnknownOperationException) if it is not one of the service."""
    target = request.headers.get("X-Amz-Target", "")
    operation = target.removeprefix(TARGET_PREFIX)
    known = target.startswith(TARGET_PREFIX) and (operation in OPERATIONS or operation == DETECT)
    content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if request.method != "POST" or request.path != "/" or content_type != JSON_1_1 or not known:
        raise ServiceError("UnknownOperationException", f"Unknown operation {target or '(no X-Amz-Target)'}")
    return operation


def attempt_number(sdk_request: str) -> int:
    """The number of the attempt in the SDK's `amz-sdk-request` header; 1 if it has none."""
    attempt = ATTEMPT.search(sdk_request)
    return int(attempt[1]) if attempt else 1


def is_gone(request: BaseRequest) -> Callable[[], bool]:
    """A function that returns whether the client has disconnected."""
    return lambda: request.transport is None or request.transport.is_closing()


def response(body: bytes, status: int = 200, error_type: str | None = None) -> web.Response:
    """A response with the headers of the real service."""
    headers = {"x-amzn-RequestId": str(uuid.uuid4()), "Content-Type": JSON_1_1}
    if error_type is not None:
        headers["x-amzn-ErrorType"] = error_type
    return web.Response(body=body, status=status, headers=headers)


def error_response(error: ServiceError) -> web.Response:
    """The response to a request that is refused or fails."""
    return response(error.body(), error.http_status, error.code)


def detect_response(request: BaseRequest, detected: Detected) -> web.Response:
    """The response to a DetectCustomLabels, or the end of its connection."""
    if detected.error is not None:
        return error_response(detected.error)
    if detected.lost is not None:
        return drop(request, reset=detected.lost == "ConnectionReset")
    return response(detected.body)


def drop(request: BaseRequest, *, reset: bool) -> web.Response:
    """End the connection without a response; the returned one is never sent."""
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        if reset and connection is not None:
            # Without lingering, the client gets an RST instead of an orderly close.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response()
