"""What is known of a trigger's uploads, in the runs table: `UPLOADS#<prefix>` / `<modelArn>`."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

from botocore.exceptions import ClientError
from pydantic.alias_generators import to_camel

from lambdas.adapters.run_items import number, plain, serialized
from lambdas.capacity.uploads import Uploads

_KEPT_S = 90 * 24 * 3600  # as long as an execution's name can't be used again
_ATTRIBUTE = {name: to_camel(name) for name in asdict(Uploads())}


@dataclass(frozen=True)
class UploadBook:
    """One trigger's uploads for one model."""

    client: Any
    table: str
    prefix: str
    model_arn: str

    def read(self) -> tuple[Uploads, int]:
        """What is known as of now, and the version to write it back with."""
        answer = self.client.get_item(TableName=self.table, Key=serialized(self._key), ConsistentRead=True)
        item = plain(answer.get("Item", {}))
        known = {name: number(item[key]) for name, key in _ATTRIBUTE.items() if key in item}
        return Uploads(**known), int(item.get("version", 0))

    def write(self, uploads: Uploads, version: int) -> bool:
        """Keep it; False: somebody has written since `version` was read, and nothing was changed."""
        values = {_ATTRIBUTE[name]: value for name, value in asdict(uploads).items() if value is not None}
        item = {**self._key, **values, "version": version + 1, "expiresAt": int(time.time()) + _KEPT_S}
        try:
            self.client.put_item(
                TableName=self.table,
                Item=serialized(item),
                ConditionExpression="attribute_not_exists(pk) OR version = :read",
                ExpressionAttributeValues=serialized({":read": version}),
            )
        except ClientError as error:
            if error.response["Error"].get("Code") == "ConditionalCheckFailedException":
                return False
            raise
        return True

    @property
    def _key(self) -> dict[str, str]:
        return {"pk": f"UPLOADS#{self.prefix}", "sk": self.model_arn}
