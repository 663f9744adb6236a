"""An S3 in memory with the calls of a listing, for tests and for the measurement of a million keys."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

MODIFIED = datetime(2026, 11, 28, tzinfo=UTC)


class FakeS3:
    """Objects by bucket and key. Pages have 1,000 keys, as in S3."""

    def __init__(self, objects: dict[tuple[str, str], bytes] | None = None) -> None:
        self.objects = dict(objects or {})
        self.calls = 0

    def list_objects_v2(self, *, Bucket: str, Prefix: str, StartAfter: str = "") -> dict[str, Any]:
        self.calls += 1
        keys = sorted(key for bucket, key in list(self.objects) if bucket == Bucket and key.startswith(Prefix))
        return page_of(keys, StartAfter, lambda key: len(self.objects[Bucket, key]))

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.objects[Bucket, Key])}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:
        self.objects[Bucket, Key] = Body


def page_of(keys: Sequence[str], start_after: str, size: Any) -> dict[str, Any]:
    """A page of ListObjectsV2 of these keys, which are in order."""
    start = bisect_right(keys, start_after) if start_after else 0
    found = keys[start : start + 1000]
    contents = [{"Key": key, "ETag": f'"{hash(key):x}"', "Size": size(key), "LastModified": MODIFIED} for key in found]
    return {"Contents": contents, "IsTruncated": start + 1000 < len(keys)}
