"""Images that requests name in S3: fetched in a thread, cached for a while, and checked like images sent as bytes."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from http import HTTPStatus
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.simulated_model.errors import INVALID_S3_OBJECT, ServiceError
from local.simulated_model.wire.detect import S3Name
from local.simulated_model.wire.images import MAX_S3_BYTES, Image, inspect, too_large

# Seconds from a read of an object on in which S3 is not asked about it again.
CACHE_S = 0.2
THREADS = 4


class _Read(NamedTuple):
    """What was read of an object, and the ETag of its content."""

    image: Image
    e_tag: str


class S3Images:
    """What S3 has of the named objects now. Concurrent requests for the same object share one read, and a content that
    was read before is not read again.
    """

    def __init__(self, endpoint_url: str | None, region: str, access_key: str, secret_key: str) -> None:
        self._endpoint_url = endpoint_url
        self._region = region
        self._keys = (access_key, secret_key)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="s3-images")
        self._threads.submit(lambda: self._client)  # the first requests don't wait for it
        self._verdicts: dict[S3Name, tuple[float, asyncio.Future[_Read]]] = {}

    async def image(self, name: S3Name) -> Image:
        """The named image. Raises ServiceError (InvalidS3ObjectException) if it can't be read."""
        believed_until_s, verdict = self._verdicts.get(name, (0.0, None))
        if verdict is None or time.monotonic() > believed_until_s:
            is_known = verdict is not None and verdict.done() and verdict.exception() is None
            known = verdict.result() if verdict is not None and is_known else None
            verdict = asyncio.get_running_loop().run_in_executor(self._threads, self._fetch, name, known)
            self._verdicts[name] = (time.monotonic() + CACHE_S, verdict)
        if not verdict.done():
            # asyncio.wait does not cancel the read if this client disconnects, as others may wait for it.
            await asyncio.wait([verdict])
        if verdict.exception() is not None:
            raise ServiceError("InvalidS3ObjectException", INVALID_S3_OBJECT)
        return verdict.result().image

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @cached_property
    def _client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self._endpoint_url,
            region_name=self._region,
            aws_access_key_id=self._keys[0],
            aws_secret_access_key=self._keys[1],
            config=Config(
                connect_timeout=5,
                read_timeout=20,
                retries={"mode": "standard", "total_max_attempts": 3},
                s3={"addressing_style": "path"},
            ),
        )

    def _fetch(self, name: S3Name, known: _Read | None) -> _Read:
        where = {"Bucket": name.bucket, "Key": name.key}
        if name.version is not None:
            where["VersionId"] = name.version
        if known is not None:
            where["IfNoneMatch"] = known.e_tag
        try:
            found = self._client.get_object(**where)
            if found["ContentLength"] > MAX_S3_BYTES:
                found["Body"].close()
                return _Read(Image(b"", too_large()), found["ETag"])
            return _Read(inspect(found["Body"].read(), MAX_S3_BYTES), found["ETag"])
        except ClientError as error:
            if known is not None and error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_MODIFIED:
                return known
            raise ServiceError("InvalidS3ObjectException", INVALID_S3_OBJECT) from error
        except BotoCoreError as error:
            raise ServiceError("InvalidS3ObjectException", INVALID_S3_OBJECT) from error
