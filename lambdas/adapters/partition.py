"""One partition of the runs table: items of one `pk`, written, read and listed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lambdas.adapters.run_items import plain, serialized

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
