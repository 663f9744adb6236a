"""The result of one upload, which no result of an earlier content of its image overwrites.

Two batches of messages may work with one image at the same time, one of them with an earlier content. So the result is
written only if no other was written since S3 was asked (a conditional write of S3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.aws.errors import ClientError, status_of
from lambdas.processing.result_store import ResultStore

CONFLICT_STATUSES = (409, 412)  # another worker writes at this moment, or has written


@dataclass
class LatestResult(ResultStore):
    """The store for the result of one image. `write_condition` is the condition under which it is written."""

    write_condition: Mapping[str, str] | None = None

    @classmethod
    def of(cls, store: ResultStore) -> LatestResult:
        """The store for one image of this one."""
        return cls(store.s3, store.image_bucket, store.result_bucket, store.keys)

    def metadata(self, key: str) -> Mapping[str, str] | None:
        """See `ResultStore.metadata`."""
        head = self._head(self.result_bucket, self.keys.of_result(key))
        self.write_condition = {"IfNoneMatch": "*"} if head is None else {"IfMatch": head["ETag"]}
        return None if head is None else head["Metadata"]

    def write_result(self, key: str, content: bytes, metadata: Mapping[str, str], mask: bytes | None = None) -> bool:
        """See `ResultStore.write_result`. Returns False if the image has another content by now."""
        if mask and self._is_outdated(key, metadata["source-etag"]):
            return False
        try:
            return super().write_result(key, content, metadata, mask)
        except ClientError as error:
            if status_of(error) not in CONFLICT_STATUSES:
                raise
        if self._is_outdated(key, metadata["source-etag"]):
            return False
        self.write_condition = None
        return super().write_result(key, content, metadata, mask)

    def _is_outdated(self, key: str, e_tag: str) -> bool:
        """Whether the image has another content than that with this ETag, or is gone. The other one has a message."""
        image = self.look_up(key)
        return image is None or image.e_tag != e_tag

    def _put_result(self, key: str, content: bytes, metadata: Mapping[str, str]) -> None:
        conditions: Mapping[str, Any] = self.write_condition or {}
        self._put(key, content, metadata, **conditions)
