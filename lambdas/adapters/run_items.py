"""How counts are written into DynamoDB items, and read back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from lambdas.capacity.histogram import LatencyHistogram
from lambdas.capacity.step import WorkerCounts


def counts_item(counts: WorkerCounts) -> dict[str, Any]:
    """One worker's counts as an item's attributes."""
    return {
        "accepted": sum(counts.accepted),
        "throttled": sum(counts.throttled),
        "failed": sum(counts.failed),
        "failures": dict(counts.failures),
        "perSecond": {
            "accepted": list(counts.accepted),
            "throttled": list(counts.throttled),
            "failed": list(counts.failed),
            "completed": list(counts.completed),
        },
        "latency": counts.latency.as_mapping(),
        "seconds": counts.seconds,
        "readyS": counts.ready_s,
        "busyShare": counts.busy_share,
        "late": counts.late,
    }


def counts_of(item: Mapping[str, Any]) -> WorkerCounts:
    """The inverse of `counts_item`."""
    series = {name: [int(count) for count in counts] for name, counts in item["perSecond"].items()}
    return WorkerCounts(
        **series,
        failures={name: int(count) for name, count in item["failures"].items()},
        latency=LatencyHistogram.from_mapping(item["latency"]),
        seconds=float(item["seconds"]),
        ready_s=float(item["readyS"]),
        busy_share=float(item["busyShare"]),
        late=int(item["late"]),
    )


def serialized(values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values as DynamoDB's attribute values."""
    serializer = TypeSerializer()
    return {name: serializer.serialize(_decimal(value)) for name, value in values.items()}


def _decimal(value: Any) -> Any:
    return Decimal(str(round(value, 6))) if isinstance(value, float) else value


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `serialized`."""
    deserializer = TypeDeserializer()
    return {name: deserializer.deserialize(value) for name, value in item.items()}


def number(value: Any) -> Any:
    """A number as DynamoDB gives it back, as Python's own; anything else as it is."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)
