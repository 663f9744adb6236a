"""How a lease is written into the runs table: `MODEL#<arn>` / `LEASE`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any

from pydantic.alias_generators import to_camel

from lambdas.aws.table import plain
from lambdas.models.lease import Lease

ATTRIBUTE = {each.name: to_camel(each.name) for each in fields(Lease)}


def attributes(lease: Lease) -> dict[str, Any]:
    """The lease as an item's attributes."""
    return {ATTRIBUTE[name]: value for name, value in asdict(lease).items()}


def lease_of(item: Mapping[str, Any]) -> Lease:
    """The inverse. A lease written by an older version lacks what came later: that is at its default."""
    values = plain(item)
    return Lease(**{name: _number(values[attribute]) for name, attribute in ATTRIBUTE.items() if attribute in values})


def _number(value: Any) -> Any:
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)
