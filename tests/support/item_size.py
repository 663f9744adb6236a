"""How large DynamoDB takes an item to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LARGEST_ITEM = 400 * 1024
WRITE_UNIT = 1024  # bytes


def item_bytes(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Names and values of an item, in bytes; texts, numbers, truth values and null are all that this app writes."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(str(content).encode())
    if kind == "N":  # two digits a byte, and one more
        return 2 + sum(map(str.isdigit, str(content))) // 2
    if kind in ("BOOL", "NULL"):
        return 1
    raise ValueError(f"no size is known for {kind}: takes S, N, BOOL, NULL")
