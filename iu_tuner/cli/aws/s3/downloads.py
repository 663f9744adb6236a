"""Gets objects of S3 into a local folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

from iu_tuner.cli.aws.clients import AwsClients, open_session
from iu_tuner.cli.aws.errors import AwsCallFailed, calling_aws
from iu_tuner.exit_codes import ClientError, UsageError

S3 = "s3://"
_AT_ONCE = 8  # downloads


def get_objects(
    uri: str,
    folder: Path,
    wanted: Callable[[str], bool],
    *,
    region: str | None,
    profile: str | None,
    endpoint_url: str | None,
) -> dict[str, Path]:
    """Download the objects below `s3://bucket/prefix` whose keys are wanted. Returns the file of each key.

    Files have numbers as names, so that no key can name a place outside of the folder; they keep their suffixes.

    Raises:
        UsageError: the address has no bucket, or nothing is wanted there.
        ClientError: S3 refuses, or can't be reached.
    """
    bucket, _, prefix = uri.removeprefix(S3).partition("/")
    if not bucket:
        raise UsageError(f"{uri}: takes s3://bucket/prefix")
    try:
        with calling_aws():
            s3 = AwsClients(open_session(profile, region), endpoint_url).of("s3")
            keys = [key for key in _keys(s3, bucket, prefix) if wanted(key)]
            folder.mkdir(parents=True, exist_ok=True)
            files = {key: folder / f"{number}{PurePosixPath(key).suffix}" for number, key in enumerate(keys)}
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                list(pool.map(lambda key: s3.download_file(bucket, key, str(files[key])), keys))
    except AwsCallFailed as error:
        raise ClientError(f"{uri} can't be read: {error}") from error
    if not files:
        raise UsageError(f"{uri}: there is nothing of use with keys that begin so")
    return files


def _keys(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from (each["Key"] for each in page.get("Contents", ()))
