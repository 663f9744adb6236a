"""Objects in S3: lists their keys, downloads them, and reads their first bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from botocore.config import Config
from botocore.exceptions import ClientError as ServiceError

from iu_tuner.cli.aws.clients import open_session
from iu_tuner.cli.aws.errors import calling_aws

_THREADS = 16
_PARALLEL_DOWNLOADS = 8  # a large one has several connections
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 3},
    connect_timeout=5,
    read_timeout=20,
    max_pool_connections=_THREADS,
)
_MISSING_CODES = ("404", "NoSuchKey", "NoSuchBucket")
_EMPTY_CODE = "InvalidRange"  # of an object without bytes there is no first one


class Head(NamedTuple):
    """An object's size in bytes, and its first bytes."""

    size: int
    start: bytes


class Objects:
    """A client of S3 with the user's credentials."""

    def __init__(self, region: str | None, profile: str | None, endpoint_url: str | None) -> None:
        with calling_aws():
            self._s3: Any = open_session(profile, region).client("s3", endpoint_url=endpoint_url, config=_CONFIG)

    def keys(self, bucket: str, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`, sorted. Raises AwsCallFailed if they can't be listed."""
        with calling_aws():
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                yield from (each["Key"] for each in page.get("Contents", ()))

    def download(self, bucket: str, files: Mapping[str, Path]) -> None:
        """Download objects, by key, into their files, eight at a time. Raises AwsCallFailed."""
        with calling_aws(), ThreadPoolExecutor(_PARALLEL_DOWNLOADS) as threads:
            list(threads.map(lambda key: self._s3.download_file(bucket, key, str(files[key])), files))

    def heads(self, addresses: list[tuple[str, str]], length: int) -> list[Head | None]:
        """The objects at `addresses` (bucket, key) with their first `length` bytes, in the same order.

        None stands for an object that does not exist. 16 are read at a time.

        Raises:
            AwsCallFailed: one of them can't be read, for another reason than that it does not exist.
        """
        with calling_aws(), ThreadPoolExecutor(_THREADS) as threads:
            return list(threads.map(lambda address: self._head(address[0], address[1], length), addresses))

    def _head(self, bucket: str, key: str, length: int) -> Head | None:
        try:
            reply = self._s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{length - 1}")
        except ServiceError as error:
            code = error.response["Error"].get("Code")
            if code in _MISSING_CODES:
                return None
            if code == _EMPTY_CODE:
                return Head(0, b"")
            raise
        content_range = re.fullmatch(r"bytes \d+-\d+/(\d+)", reply.get("ContentRange", ""))
        return Head(int(content_range[1]) if content_range else reply["ContentLength"], reply["Body"].read())


def account_id(region: str | None, profile: str | None) -> str:
    """The account of the user's credentials. Raises AwsCallFailed."""
    with calling_aws():
        session = open_session(profile, region)
        config = Config(retries={"total_max_attempts": 1}, connect_timeout=3, read_timeout=5)
        region_name = session.region_name or "us-east-1"
        return str(session.client("sts", region_name=region_name, config=config).get_caller_identity()["Account"])
