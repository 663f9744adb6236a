"""Reads the error of a reply: its name, its message in one printable line, its other members."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# A valid error name. Others are not stored in a table or used in a sentence.
_NAME = re.compile(r"[A-Z][A-Za-z0-9.]{0,99}")
MAX_MESSAGE = 1000  # characters that are stored of a service's message


@dataclass(frozen=True)
class ServiceError:
    """An error as the service describes it. Without a valid name, `name` is empty."""

    name: str
    message: str
    members: Mapping[str, Any]


def error_in(body: bytes, error_type: bytes = b"") -> ServiceError:
    """The error in a body of AWS's JSON protocols; a proxy's body may be anything. `error_type` names it if given."""
    members = _error_members(body)
    name = error_type.decode("latin-1") or members.get("__type") or members.get("Code") or members.get("code")
    return ServiceError(_name(name), _one_line(members.get("Message") or members.get("message")), members)


def _error_members(body: bytes) -> dict[str, Any]:
    try:
        error = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return error if isinstance(error, dict) else {}


def _name(value: object) -> str:
    """The name in `com.amazon.coral#Name` or `Name:http://…`. Returns an empty text if there is none."""
    name = str(value or "").rpartition("#")[2].partition(":")[0]
    return name if _NAME.fullmatch(name) else ""


def _one_line(value: object) -> str:
    """The text in one line, without control characters and lone surrogates, which JSON allows but storage does not."""
    text = "".join(character if character.isprintable() else " " for character in str(value or "")[:MAX_MESSAGE])
    return " ".join(text.split())
