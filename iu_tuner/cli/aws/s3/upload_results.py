"""Reads the uploads of a pipeline and their results from S3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from iu_tuner.cli.aws.errors import AwsCallFailed, calling_aws
from iu_tuner.cli.aws.uploads import UploadQueue
from iu_tuner.cli.models.labels import ImageLabels
from iu_tuner.contract.uploads.current import is_current, result_metadata

_THREADS = 16


class UploadResults:
    """The objects of one pipeline under a prefix."""

    def __init__(self, queue: UploadQueue, prefix: str) -> None:
        self._entry, self._images, self._prefix = queue.entry, queue.deployment.image_bucket, prefix
        self._results = self._entry.results.bucket or self._images
        with calling_aws():
            self._s3 = queue.deployment.aws.of("s3")

    def without_result(self, since: datetime | None) -> list[str]:
        """The keys of the images without a current result; `since` leaves out those that were uploaded before."""
        images = [
            each
            for each in self._list_objects(self._images, self._prefix)
            if self._entry.takes(each["Key"]) and (since is None or each["LastModified"] >= since)
        ]
        with ThreadPoolExecutor(_THREADS) as threads:
            results_exist = threads.map(self._has_result, images)
            return [image["Key"] for image, has_result in zip(images, results_exist, strict=True) if not has_result]

    def labels(self) -> list[ImageLabels]:
        """The labels in all results, by the keys of the images."""
        results, result_prefix = self._entry.results, self._entry.results.prefix or ""
        keys = [
            each["Key"]
            for each in self._list_objects(self._results, result_prefix + self._prefix)
            if self._entry.takes(each["Key"].removeprefix(result_prefix).removesuffix(results.suffix))
            and each["Key"].endswith(results.suffix)
        ]
        with ThreadPoolExecutor(_THREADS) as threads:
            return list(threads.map(self._read, keys))

    def _list_objects(self, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
        with calling_aws():
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                yield from page.get("Contents", [])

    def _has_result(self, image: dict[str, Any]) -> bool:
        entry, key = self._entry, image["Key"]
        requested_confidence = entry.min_confidence if entry.keep_from is None else entry.keep_from
        expected = result_metadata(image["ETag"].strip('"'), entry.model_arn, requested_confidence)
        result_key = f"{entry.results.prefix or ''}{key}{entry.results.suffix}"
        try:
            with calling_aws():
                stored = self._s3.head_object(Bucket=self._results, Key=result_key)["Metadata"]
        except AwsCallFailed as error:
            if error.aws_code in ("404", "NoSuchKey", "NotFound"):
                return False
            raise
        return is_current(expected, stored)

    def _read(self, key: str) -> ImageLabels:
        with calling_aws():
            body = self._s3.get_object(Bucket=self._results, Key=key)["Body"].read()
        results = self._entry.results
        return ImageLabels.of(key.removeprefix(results.prefix or "").removesuffix(results.suffix), json.loads(body))
