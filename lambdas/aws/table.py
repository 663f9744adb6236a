"""One partition of the runs table: items of one `pk`, written, read and listed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config

COUNTS_KEPT_S = 90 * 24 * 3600  # as long as Step Functions keeps an execution's history
RESULTS_KEPT_S = 3 * 365 * 24 * 3600


class Partition:
    """Items with this `pk`; each ends `kept_s` seconds after it was last written."""

    def __init__(self, client: Any, table: str, pk: str, *, kept_s: int) -> None:
        self._client = client
        self._table = table
        self._pk = pk
        self._kept_s = kept_s

    def put(self, sk: str, values: Mapping[str, Any]) -> None:
        """Write an item, in the place of the one that may be there."""
        item = {"pk": self._pk, "sk": sk, **values, "expiresAt": self._expires_at}
        self._client.put_item(TableName=self._table, Item=serialized(item))

    def update(self, sk: str, values: Mapping[str, Any], *, condition: str | None = None) -> bool:
        """Set these attributes of an item; False: the condition does not hold."""
        values = {**values, "expiresAt": self._expires_at}
        names = {f"#{index}": name for index, name in enumerate(values)}
        try:
            self._client.update_item(
                TableName=self._table,
                Key=serialized({"pk": self._pk, "sk": sk}),
                UpdateExpression="SET " + ", ".join(f"{alias} = :{alias[1:]}" for alias in names),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=serialized(
                    {f":{index}": value for index, value in enumerate(values.values())}
                ),
                **({"ConditionExpression": condition} if condition else {}),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def get(self, sk: str) -> dict[str, Any]:
        """An item. KeyError: there is none."""
        key = serialized({"pk": self._pk, "sk": sk})
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        if "Item" not in answer:
            raise KeyError(f"the runs table has no item {self._pk} / {sk}")
        return plain(answer["Item"])

    def query(self, first: str, last: str, attributes: Sequence[str]) -> Iterable[dict[str, Any]]:
        """These attributes of the items from one `sk` to another, in order."""
        names = {f"#{index}": name for index, name in enumerate(attributes)}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ProjectionExpression=", ".join(names),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=serialized({":pk": self._pk, ":first": first, ":last": last}),
        )
        return (plain(item) for page in pages for item in page["Items"])

    @property
    def _expires_at(self) -> int:
        return int(time.time()) + self._kept_s


def as_json(values: Any) -> str:
    """As small as it gets: an item holds 400 kB, and a key may be written in any script."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


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


@cache
def dynamodb_client() -> Any:
    """The DynamoDB client. It gives up in seconds: whoever waits for it may have a model to stop."""
    return boto3.client(
        "dynamodb",
        config=Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=3, read_timeout=5),
    )
