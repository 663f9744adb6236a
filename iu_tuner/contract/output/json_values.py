"""Converts frozen dataclasses to JSON values and back: `max_tps` becomes `maxTps`, `from_` becomes `from`.

A field with a default is left out if it is None. All other fields are always present, as null if they are None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

Value = TypeVar("Value")
PRESENT_WITH = "present_with"  # in a field's metadata: null, instead of left out, if the field of this name has a value


def json_name(name: str) -> str:
    """The JSON key of a field."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name.rstrip("_"))


def to_json(value: Any) -> Any:
    """The value as dicts, lists, strings and numbers; keys are in the order of the fields."""
    if is_dataclass(value):
        names = (each.name for each in fields(value) if _is_present(value, each))
        return {json_name(name): to_json(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [to_json(item) for item in value]
    return value


def from_json(kind: type[Value], values: Mapping[str, Any]) -> Value:
    """The inverse of `to_json`. Unknown keys are ignored; a missing one, as of an earlier version, is None or empty."""
    value: Value = _read(kind, values)
    return value


def _is_present(value: Any, field_: Field[Any]) -> bool:
    if getattr(value, field_.name) is not None or field_.default is MISSING:
        return True
    return PRESENT_WITH in field_.metadata and getattr(value, field_.metadata[PRESENT_WITH]) is not None


def _read(kind: Any, value: Any) -> Any:
    if NoneType in get_args(kind):
        return None if value is None else _read(next(each for each in get_args(kind) if each is not NoneType), value)
    if isinstance(kind, type) and is_dataclass(kind):
        types, members = _types(kind), value or {}
        return kind(**{each.name: _read(types[each.name], members.get(json_name(each.name))) for each in fields(kind)})
    if get_origin(kind) is tuple:
        return tuple(_read(get_args(kind)[0], item) for item in value or ())
    return value


@cache
def _types(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
