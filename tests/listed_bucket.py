"""An S3 bucket in memory, for thousands of objects: what lists and reads images asks it as it asks boto3's client."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Body:
    content: bytes

    def read(self) -> bytes:
        return self.content


@dataclass
class Pages:
    """One page of the listing, and where a further one would begin."""

    page: dict[str, Any]
    resume_token: str | None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        yield self.page


@dataclass
class ListedBucket:
    """`contents` by key; `sizes` where an object is larger than what is kept of it here."""

    contents: Mapping[str, bytes]
    sizes: Mapping[str, int] = field(default_factory=dict)
    looked_at: set[str] = field(default_factory=set)

    def get_paginator(self, operation: str) -> ListedBucket:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str, PaginationConfig: Mapping[str, int]) -> Pages:
        keys = sorted(key for key in self.contents if key.startswith(Prefix))
        taken = keys[: PaginationConfig["MaxItems"]]
        page = {"Contents": [{"Key": key, "Size": self._size(key)} for key in taken]}
        return Pages(page, "more" if len(taken) < len(keys) else None)

    def list_objects_v2(self, *, Bucket: str, Prefix: str, Delimiter: str) -> dict[str, Any]:
        rests = [(key, key[len(Prefix) :].split(Delimiter)) for key in self.contents if key.startswith(Prefix)]
        folders = sorted({Prefix + parts[0] + Delimiter for _, parts in rests if len(parts) > 1})
        return {
            "CommonPrefixes": [{"Prefix": folder} for folder in folders],
            "Contents": [{"Key": key} for key, parts in rests if len(parts) == 1],
        }

    def get_object(self, *, Bucket: str, Key: str, Range: str) -> dict[str, Body]:
        self.looked_at.add(Key)
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", Range)
        assert found, Range
        first, last = map(int, found.groups())
        assert first < self._size(Key), "S3 refuses a range that begins behind the object's end"
        return {"Body": Body(self.contents[Key].ljust(min(last + 1, self._size(Key)), b"\0")[first : last + 1])}

    def _size(self, key: str) -> int:
        return self.sizes.get(key, len(self.contents[key]))
