"""The runs table: writes, reads and lists the items of one `pk`, and converts values to items and back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any, Generic, TypeVar

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from pydantic import TypeAdapter
from pydantic.alias_generators import to_camel

from lambdas.aws.clients import client
from lambdas.aws.errors import ClientError, code_of

Value = TypeVar("Value")

COUNTS_KEPT_S = 90 * 24 * 3600  # Step Functions keeps an execution's history for the same time
RESULTS_KEPT_S = 3 * 365 * 24 * 3600  # three years
MAX_PAGE = 25  # items of one page of the newest ones


class Partition:
    """The items with this `pk`. DynamoDB deletes each one `kept_s` seconds after its last write; with None, never."""

    def __init__(self, dynamodb: Any, table: str, pk: str, *, kept_s: int | None = None) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._pk = pk
        self._kept_s = kept_s

    def put(self, sk: str, values: Mapping[str, Any], *, condition: str | None = None) -> bool:
        """Write an item, and replace an existing one. Returns False if the condition does not hold."""
        item = serialized({**self._key(sk), **self._expiring(values)})
        return self._write(self._dynamodb.put_item, {"Item": item}, condition) is not None

    def update(
        self,
        sk: str,
        values: Mapping[str, Any],
        *,
        condition: str | None = None,
        condition_values: Mapping[str, Any] = {},
    ) -> dict[str, Any] | None:
        """Set attributes of an item. Returns the whole item, or None if the condition does not hold.

        The condition refers to `values` by position, as `:0`, and to the values of `condition_values` by their keys.
        """
        values = self._expiring(values)
        positions = {f":{index}": value for index, value in enumerate(values.values())}
        reply = self._write(
            self._dynamodb.update_item,
            {
                "Key": serialized(self._key(sk)),
                "UpdateExpression": "SET " + ", ".join(f"#{index} = :{index}" for index in range(len(values))),
                "ExpressionAttributeNames": {f"#{index}": name for index, name in enumerate(values)},
                "ExpressionAttributeValues": serialized({**positions, **condition_values}),
                "ReturnValues": "ALL_NEW",
            },
            condition,
        )
        return None if reply is None else plain(reply["Attributes"])

    def add(self, sk: str, name: str, amount: int) -> dict[str, Any]:
        """Add to a number of an item in one step, however many callers do so at once. Returns the whole item."""
        return self.add_all(sk, {name: amount}, {})

    def add_all(self, sk: str, amounts: Mapping[str, int], values: Mapping[str, Any]) -> dict[str, Any]:
        """Like `add` for several numbers, and set other attributes in the same step."""
        attributes = {**amounts, **values}
        number = {name: index for index, name in enumerate(attributes)}
        adds = ", ".join(f"#{number[name]} :{number[name]}" for name in amounts)
        sets = ", ".join(f"#{number[name]} = :{number[name]}" for name in values)
        reply = self._dynamodb.update_item(
            TableName=self._table,
            Key=serialized(self._key(sk)),
            UpdateExpression=f"ADD {adds}" + (f" SET {sets}" if sets else ""),
            ExpressionAttributeNames={f"#{index}": name for name, index in number.items()},
            ExpressionAttributeValues=serialized({f":{number[name]}": value for name, value in attributes.items()}),
            ReturnValues="ALL_NEW",
        )
        return plain(reply["Attributes"])

    def delete(self, sk: str, *, condition: str, condition_values: Mapping[str, Any]) -> bool:
        """Delete an item. Returns False if the condition does not hold."""
        deleted = {"Key": serialized(self._key(sk)), "ExpressionAttributeValues": serialized(condition_values)}
        return self._write(self._dynamodb.delete_item, deleted, condition) is not None

    def get(self, sk: str) -> dict[str, Any]:
        """Read an item with strong consistency. Raises KeyError if there is none."""
        key = serialized(self._key(sk))
        reply = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        if "Item" not in reply:
            raise KeyError(f"the runs table has no item {self._pk} / {sk}")
        return plain(reply["Item"])

    def query(self, first: str, last: str, attributes: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Read these attributes of the items with an `sk` from `first` to `last`, in order."""
        names = {f"#{index}": name for index, name in enumerate(attributes)}
        projection = {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
        return self._pages(first, last, {}, ConsistentRead=True, **projection)

    def newest(self, first: str, last: str, limit: int) -> Iterator[dict[str, Any]]:
        """Read up to `limit` items with an `sk` from `first` to `last`, in descending order."""
        paging_config = {"MaxItems": limit, "PageSize": min(limit, MAX_PAGE)}  # a caller may need only the first ones
        return self._pages(first, last, paging_config, ScanIndexForward=False)

    def _pages(self, first: str, last: str, paging_config: Mapping[str, int], **query: Any) -> Iterator[dict[str, Any]]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues=serialized({":pk": self._pk, ":first": first, ":last": last}),
            PaginationConfig=paging_config,
            **query,
        )
        return (plain(item) for page in pages for item in page["Items"])

    def _write(self, call: Any, arguments: Mapping[str, Any], condition: str | None) -> dict[str, Any] | None:
        """The reply to a write, or None if its condition does not hold."""
        conditions = {"ConditionExpression": condition} if condition else {}
        try:
            reply: dict[str, Any] = call(TableName=self._table, **arguments, **conditions)
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return None
        return reply

    def _key(self, sk: str) -> dict[str, str]:
        return {"pk": self._pk, "sk": sk}

    def _expiring(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        return values if self._kept_s is None else {**values, "expiresAt": int(time.time()) + self._kept_s}


class Attributes(Generic[Value]):
    """Converts a frozen dataclass to an item's attributes, in camel case, and back."""

    def __init__(self, kind: type[Value]) -> None:
        self._adapter = TypeAdapter(kind)
        self.names = {each.name: to_camel(each.name) for each in fields(kind)}  # type: ignore[arg-type]

    def of(self, value: Value) -> dict[str, Any]:
        """The value as attributes by name."""
        return {key: getattr(value, name) for name, key in self.names.items()}

    def read(self, item: Mapping[str, Any]) -> Value:
        """The inverse of `of`. Fields that an older version did not write get their defaults."""
        return self._adapter.validate_python({name: item[key] for name, key in self.names.items() if key in item})


class Json(Generic[Value]):
    """Converts a frozen dataclass to JSON in one attribute, and back."""

    def __init__(self, kind: type[Value]) -> None:
        self._adapter = TypeAdapter(kind)

    def text(self, value: Value) -> str:
        """The value as JSON."""
        return self._adapter.dump_json(value).decode()

    def read(self, text: str | bytes) -> Value:
        """The inverse of `text`. Fields that an older version did not write get their defaults."""
        return self._adapter.validate_json(text)


def items_of_index(dynamodb: Any, table: str, index: str) -> Iterator[dict[str, Any]]:
    """All items of an index. The last moments' writes may be missing, as the index is eventually consistent."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, IndexName=index)
    return (plain(item) for page in pages for item in page["Items"])


def as_json(values: Any) -> str:
    """The values as JSON in as few bytes as possible, as a DynamoDB item holds 400 kB. Keys may be in any script."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def serialized(values: Mapping[str, Any]) -> dict[str, Any]:
    """Convert plain values to DynamoDB's attribute values, with floats rounded to six decimals."""
    serializer = TypeSerializer()
    return {name: serializer.serialize(_decimal(value)) for name, value in values.items()}


def _decimal(value: Any) -> Any:
    return Decimal(str(round(value, 6))) if isinstance(value, float) else value


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `serialized`. Whole numbers become int."""
    deserializer = TypeDeserializer()
    return {name: _number(deserializer.deserialize(value)) for name, value in item.items()}


def _number(value: Any) -> Any:
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


def dynamodb_client() -> Any:
    """The DynamoDB client. It fails within seconds, as its callers may have to stop a model."""
    return client("dynamodb", connect_s=3, read_s=5)
