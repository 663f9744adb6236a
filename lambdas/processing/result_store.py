"""Reads images from S3, and reads and writes their results there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from iu_tuner.contract.detections import ListedImage
from lambdas.aws.clients import client
from lambdas.aws.errors import ClientError, status_of
from lambdas.processing.image_result import ResultKeys

MAX_PAGES = 3  # of a listing, with 1,000 keys each; where more lie between the results, each is looked up by itself


def s3_client(threads: int) -> Any:
    """The S3 client for so many threads."""
    return client("s3", attempts=4, max_connections=max(10, threads))


@dataclass
class ResultStore:
    """The bucket of the images, and the bucket of their results. Thread-safe after `list_results`."""

    s3: Any
    image_bucket: str
    result_bucket: str
    keys: ResultKeys = field(default_factory=ResultKeys)
    _existing_keys: frozenset[str] | None = None  # keys of the files that were there, or None if that is not known

    def list_results(self, images: Iterable[ListedImage]) -> None:
        """List the files of these images at once, which saves a request for each of them.

        Raises:
            ClientError, BotoCoreError: S3 fails, or refuses the listing.
        """
        image_keys = [image.key for image in images]
        first_key = min(f"{self.keys.prefix}{name}".encode() for name in image_keys)  # it sorts before its own files
        of_files = (self.keys.of_result, self.keys.of_error, self.keys.of_mask)
        last_key = max(of_file(name).encode() for name in image_keys for of_file in of_files)
        found_keys: set[str] = set()
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.result_bucket, StartAfter=first_key.decode()
        )
        for number, page in enumerate(pages, start=1):
            keys = [entry["Key"] for entry in page.get("Contents", [])]
            found_keys.update(keys)
            if not page["IsTruncated"] or keys[-1].encode() > last_key:
                self._existing_keys = frozenset(found_keys)
                return
            if number == MAX_PAGES:
                return

    def read_image(self, image: ListedImage) -> tuple[bytes, str]:
        """An image's content and its ETag. Raises ClientError, BotoCoreError."""
        version = {} if image.version_id is None else {"VersionId": image.version_id}
        reply = self.s3.get_object(Bucket=self.image_bucket, Key=image.key, **version)
        return reply["Body"].read(), reply["ETag"].strip('"')

    def look_up(self, key: str) -> ListedImage | None:
        """The image as it is now. Returns None if there is none. Raises ClientError, BotoCoreError."""
        head = self._head(self.image_bucket, key)
        return None if head is None else ListedImage(key, head["ETag"].strip('"'), head["ContentLength"])

    def metadata(self, key: str) -> Mapping[str, str] | None:
        """The metadata of the image's result. Returns None without a result. Raises ClientError, BotoCoreError."""
        result_key = self.keys.of_result(key)
        head = self._head(self.result_bucket, result_key) if self._may_exist(result_key) else None
        return None if head is None else head["Metadata"]

    def read_result(self, key: str) -> bytes:
        """The content of the image's result. Raises ClientError, BotoCoreError."""
        content: bytes = self.s3.get_object(Bucket=self.result_bucket, Key=self.keys.of_result(key))["Body"].read()
        return content

    def write_result(self, key: str, content: bytes, metadata: Mapping[str, str], mask: bytes | None = None) -> bool:
        """Delete an earlier error, then write the image's mask and result. Raises ClientError, BotoCoreError.

        The result comes last, as its metadata says that all is current. An empty mask deletes an earlier one. Returns
        whether the result was written; a subclass may leave a newer one.
        """
        if self._may_exist(self.keys.of_error(key)):
            self.delete_error(key)
        if mask:
            self._put(self.keys.of_mask(key), mask, metadata, "image/png")
        elif mask is not None and self._may_exist(self.keys.of_mask(key)):
            self.s3.delete_object(Bucket=self.result_bucket, Key=self.keys.of_mask(key))
        self._put_result(self.keys.of_result(key), content, metadata)
        return True

    def write_error(self, key: str, content: bytes, metadata: Mapping[str, str]) -> None:
        """Write the file that says why there is no result. Raises ClientError, BotoCoreError."""
        self._put(self.keys.of_error(key), content, metadata)

    def delete_error(self, key: str) -> None:
        """Delete the file that says why there is no result. Raises ClientError, BotoCoreError."""
        self.s3.delete_object(Bucket=self.result_bucket, Key=self.keys.of_error(key))

    def _put_result(self, key: str, content: bytes, metadata: Mapping[str, str]) -> None:
        self._put(key, content, metadata)

    def _put(
        self,
        key: str,
        content: bytes,
        metadata: Mapping[str, str],
        content_type: str = "application/json",
        **conditions: str,
    ) -> None:
        headers = {"Metadata": metadata, "ContentType": content_type, **conditions}
        self.s3.put_object(Bucket=self.result_bucket, Key=key, Body=content, **headers)

    def _head(self, bucket: str, key: str) -> Mapping[str, Any] | None:
        """What S3 has of an object beside its content. Returns None if there is none."""
        try:
            head: Mapping[str, Any] = self.s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if status_of(error) == 404:
                return None
            raise
        return head

    def _may_exist(self, key: str) -> bool:
        return self._existing_keys is None or key in self._existing_keys
