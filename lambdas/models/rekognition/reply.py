"""Classifies the service's reply: accepted, throttled, or the error's name, with the service's message."""

from __future__ import annotations

import json
import re
from typing import Any

from lambdas.models.outcomes import ACCEPTED, ACCOUNT_LIMITS, RAMP_LIMIT, S3_LIMIT, THROTTLED, Reply

# A valid error name. Others are not stored in a table or used in a sentence.
_NAME = re.compile(r"[A-Z][A-Za-z0-9.]{0,99}")
MAX_MESSAGE = 1000  # characters that are stored of a service's message


def reply_of(status: int, body: bytes, request_id: bytes = b"") -> Reply:
    """Classify an HTTP status and body. The service's own body is AWS JSON 1.1; a proxy's may be anything."""
    if status == 200:
        return Reply(ACCEPTED, body=body, request_id=request_id.decode("latin-1"))
    error = _parsed(body)
    name = _name(error.get("__type") or error.get("Code") or error.get("code"))
    message = _one_line(error.get("Message") or error.get("message"))
    return Reply(_outcome(status, name, message), message)


def _outcome(status: int, name: str, message: str) -> str:
    """The outcome of an error. The message shows if a throttle comes from another limit than the model's."""
    if name == "ProvisionedThroughputExceededException":
        return S3_LIMIT if "S3" in message else THROTTLED
    if name == "ThrottlingException" and "sudden increase" in message:
        return RAMP_LIMIT
    if status == 429 and name not in ACCOUNT_LIMITS:
        return THROTTLED
    return name or f"HTTP{status}"


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        error = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return error if isinstance(error, dict) else {}


def _name(told: object) -> str:
    """The name in `com.amazon.coral#Name` or `Name:http://…`. Returns an empty text if there is none."""
    name = str(told or "").rpartition("#")[2].partition(":")[0]
    return name if _NAME.fullmatch(name) else ""


def _one_line(told: object) -> str:
    """The text in one line, without control characters and lone surrogates, which JSON allows but storage does not."""
    text = "".join(each if each.isprintable() else " " for each in str(told or "")[:MAX_MESSAGE])
    return " ".join(text.split())
