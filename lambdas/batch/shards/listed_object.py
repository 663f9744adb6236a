"""An object that a batch is to process, as a line of a shard."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ListedObject:
    """An object in S3. A list of keys does not say ETag and size (bytes); then a worker asks S3 for both."""

    key: str
    e_tag: str | None = None
    size: int | None = None
    version_id: str | None = None

    def line(self) -> str:
        """One line of JSON, without its end."""
        version = {} if self.version_id is None else {"versionId": self.version_id}
        return json.dumps({"key": self.key, "eTag": self.e_tag, "size": self.size, **version})

    @classmethod
    def of(cls, values: dict[str, Any]) -> ListedObject:
        """Read a line's values."""
        return cls(values["key"], values.get("eTag"), values.get("size"), values.get("versionId"))


def as_file(objects: Iterable[ListedObject]) -> bytes:
    """A shard's content."""
    return "".join(f"{each.line()}\n" for each in objects).encode()


def of_file(content: bytes) -> list[ListedObject]:
    """The inverse of `as_file`."""
    return [ListedObject.of(json.loads(line)) for line in content.decode().split("\n") if line]
