"""Reads typed members of a JSON 1.1 request, or raises the errors of the real service."""

import json
import re
from collections.abc import Mapping
from typing import Any

from local.simulated_model.errors import ServiceError, violated

VERSION_ARN = re.compile(
    r"arn:[a-z\d-]+:rekognition:[a-z\d-]+:\d{12}:project/[a-zA-Z0-9_.\-]{1,255}"
    r"/version/[a-zA-Z0-9_.\-]{1,255}/[0-9]+"
)
PROJECT_ARN = re.compile(r"arn:[a-z\d-]+:rekognition:[a-z\d-]+:\d{12}:project/[a-zA-Z0-9_.\-]{1,255}/[0-9]+")
NAME = re.compile(r"[a-zA-Z0-9_.\-]{1,255}")


def parse(body: bytes) -> dict[str, Any]:
    """The request's members. Raises ServiceError (SerializationException) if it is not a JSON object."""
    try:
        members = json.loads(body or b"{}")
    except ValueError as error:
        raise ServiceError("SerializationException", "The request is no valid JSON") from error
    if not isinstance(members, dict):
        raise ServiceError("SerializationException", "Start of structure or map found where not expected.")
    return members


def structure(members: Mapping[str, Any], name: str, path: str) -> dict[str, Any]:
    """A required structure as a mapping of its members."""
    value = _typed(members, name, dict, path)
    if value is None:
        raise violated(path, None, "Member must not be null")
    return dict(value)


def text(members: Mapping[str, Any], name: str, path: str, pattern: re.Pattern[str], low: int, high: int) -> str | None:
    """An optional string of `low` to `high` characters that matches the pattern."""
    value: str | None = _typed(members, name, str, path)
    if value is None:
        return None
    if len(value) < low:
        raise violated(path, value, f"Member must have length greater than or equal to {low}")
    if len(value) > high:
        raise violated(path, value, f"Member must have length less than or equal to {high}")
    if not pattern.fullmatch(value):
        raise violated(path, value, f"Member must satisfy regular expression pattern: {pattern.pattern}")
    return value


def arn(members: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    """A required ARN that matches the pattern."""
    path = name[0].lower() + name[1:]
    value = text(members, name, path, pattern, 20, 2048)
    if value is None:
        raise violated(path, None, "Member must not be null")
    return value


def names(members: Mapping[str, Any], name: str) -> list[str] | None:
    """An optional list of 1 to 10 names of projects or versions."""
    path = name[0].lower() + name[1:]
    values = _typed(members, name, list, path)
    if values is None:
        return None
    if not 1 <= len(values) <= 10:
        bound = "greater than or equal to 1" if not values else "less than or equal to 10"
        raise violated(path, values, f"Member must have length {bound}")
    for number, value in enumerate(values, start=1):
        text({"value": value}, "value", f"{path}.{number}.member", NAME, 1, 255)
    return list(values)


def integer(members: Mapping[str, Any], name: str, low: int, high: int | None = None) -> int | None:
    """An optional whole number from `low` to `high`."""
    path = name[0].lower() + name[1:]
    value: int | None = _typed(members, name, int, path)
    return None if value is None else int(_in_range(path, value, low, high))


def number(members: Mapping[str, Any], name: str, low: float, high: float) -> float | None:
    """An optional number from `low` to `high`."""
    path = name[0].lower() + name[1:]
    value: float | None = _typed(members, name, (int, float), path)
    return None if value is None else _in_range(path, value, low, high)


def _in_range(path: str, value: float, low: float, high: float | None) -> float:
    if value < low:
        raise violated(path, value, f"Member must have value greater than or equal to {low}")
    if high is not None and value > high:
        raise violated(path, value, f"Member must have value less than or equal to {high}")
    return value


def _typed(members: Mapping[str, Any], name: str, kind: type | tuple[type, ...], path: str) -> Any:
    value = members.get(name)
    if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
        raise ServiceError("SerializationException", f"{path}: {type(value).__name__} can not be converted")
    return value
