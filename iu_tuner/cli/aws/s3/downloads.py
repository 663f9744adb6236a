"""Gets objects of S3 into a local folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath

from iu_tuner.cli.aws.errors import AwsCallFailed
from iu_tuner.cli.aws.s3.objects import Objects
from iu_tuner.exit_codes import ClientError, UsageError

S3 = "s3://"


def get_objects(
    uri: str,
    folder: Path,
    is_wanted: Callable[[str], bool],
    *,
    region: str | None,
    profile: str | None,
    endpoint_url: str | None,
) -> dict[str, Path]:
    """Download the objects below `s3://bucket/prefix` whose keys are wanted. Returns the file of each key.

    Files have numbers as names, so that no key can name a place outside of the folder; they keep their suffixes.

    Raises:
        UsageError: the address has no bucket, or nothing there is asked for.
        ClientError: S3 refuses, or can't be reached.
    """
    bucket, _, prefix = uri.removeprefix(S3).partition("/")
    if not bucket:
        raise UsageError(f"{uri}: takes s3://bucket/prefix")
    try:
        objects = Objects(region, profile, endpoint_url)
        keys = [key for key in objects.keys(bucket, prefix) if is_wanted(key)]
        folder.mkdir(parents=True, exist_ok=True)
        files = {key: folder / f"{number}{PurePosixPath(key).suffix}" for number, key in enumerate(keys)}
        objects.download(bucket, files)
    except AwsCallFailed as error:
        raise ClientError(f"{uri} can't be read: {error}") from error
    if not files:
        raise UsageError(f"{uri}: there is nothing of use with keys that begin so")
    return files
