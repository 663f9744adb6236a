"""What the service answered, as one name: accepted, throttled, or which error; and the service's own sentence."""

from __future__ import annotations

import json
import re
from typing import Any

from lambdas.models.outcomes import ACCEPTED, ACCOUNT_LIMITS, RAMP_LIMIT, S3_LIMIT, THROTTLED, Reply

# What an error's name looks like; anything else is no name to keep, in a table or in a sentence.
_NAME = re.compile(r"[A-Z][A-Za-z0-9.]{0,99}")
MAX_MESSAGE = 1000  # characters


def reply_of(status: int, body: bytes) -> Reply:
    """The reply with this HTTP status and body: JSON 1.1 if it is the service's own, anything if it is a proxy's."""
    if status == 200:
        return Reply(ACCEPTED)
    error = _parsed(body)
    name = _name(error.get("__type") or error.get("Code") or error.get("code"))
    message = _one_line(error.get("Message") or error.get("message"))
    return Reply(_outcome(status, name, message), message)


def _outcome(status: int, name: str, message: str) -> str:
    """The error's name, with the throttles that are not the model's told apart by their message."""
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
    """The name in `com.amazon.coral#Name` or `Name:http://…`; empty: there is none."""
    name = str(told or "").rpartition("#")[2].partition(":")[0]
    return name if _NAME.fullmatch(name) else ""


def _one_line(told: object) -> str:
    """Without control characters and half surrogate pairs, which JSON allows and nothing that keeps text does."""
    text = "".join(each if each.isprintable() else " " for each in str(told or "")[:MAX_MESSAGE])
    return " ".join(text.split())
