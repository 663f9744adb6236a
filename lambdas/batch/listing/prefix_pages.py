"""The objects under a prefix, by pages of ListObjectsV2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lambdas.batch.listing.entry import Entry, Page
from lambdas.batch.shards.listed_object import ListedObject


def prefix_pages(s3: Any, bucket: str, prefix: str, position: Mapping[str, Any]) -> Iterator[Page]:
    """The pages after `position`. A position is the last key of a page, so a repeated call lists the same keys.

    Raises:
        ClientError: S3 refuses to list the bucket.
    """
    last_key = position.get("after")
    while True:
        start = {} if last_key is None else {"StartAfter": last_key}
        reply = s3.list_objects_v2(Bucket=bucket, Prefix=prefix, **start)
        contents = reply.get("Contents", [])
        entries = [_entry(content) for content in contents]
        if not reply.get("IsTruncated") or not contents:
            yield Page(entries, None)
            return
        last_key = contents[-1]["Key"]
        yield Page(entries, {"after": last_key})


def _entry(content: Mapping[str, Any]) -> Entry:
    e_tag = content["ETag"].strip('"')
    return Entry(ListedObject(content["Key"], e_tag, content["Size"]), modified=content["LastModified"].timestamp())
