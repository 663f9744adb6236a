"""Lists the objects under a prefix of a bucket, and suggests other prefixes if there are none."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

from lambdas.aws.errors import ClientError
from lambdas.images.image import Image

MAX_LISTED = 10_000  # objects
MAX_FOLDERS_SHOWN = 5  # suggested prefixes
MAX_LEVELS = 4  # folders above a prefix that are searched before the top of the bucket


@dataclass(frozen=True)
class Listing:
    """The objects under `prefix`, without folder markers. `was_cut` says that there are more than MAX_LISTED."""

    prefix: str
    objects: tuple[Image, ...]
    was_cut: bool


def list_objects(client: Any, bucket: str, prefix: str) -> Listing:
    """List up to MAX_LISTED objects. The prefix `samples` means only the folder `samples/` if that has objects."""
    if prefix and not prefix.endswith("/"):
        folder = _list_prefix(client, bucket, f"{prefix}/")
        if folder.objects:
            return folder
    return _list_prefix(client, bucket, prefix)


def _list_prefix(client: Any, bucket: str, prefix: str) -> Listing:
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, PaginationConfig={"MaxItems": MAX_LISTED}
    )
    entries = [entry for page in pages for entry in page.get("Contents", [])]
    objects = tuple(Image(entry["Key"], entry["Size"]) for entry in entries if not entry["Key"].endswith("/"))
    return Listing(prefix, objects, was_cut=pages.resume_token is not None)


def prefixes_near(client: Any, bucket: str, prefix: str) -> list[str]:
    """Existing prefixes in the folders above `prefix`, the most similar first. Empty if they can't be listed."""
    parts = prefix.rstrip("/").split("/")[:-1]
    levels = ["/".join([*parts[:depth], ""]) for depth in range(len(parts), 0, -1)]
    for level in [*levels[:MAX_LEVELS], ""]:
        try:
            folders = _prefixes_in(client, bucket, level)
        except ClientError:  # the role may not list this prefix; the run's error is reported without suggestions
            return []
        if folders:
            return sorted(folders, key=lambda folder: _dissimilarity(folder, prefix))[:MAX_FOLDERS_SHOWN]
    return []


def _prefixes_in(client: Any, bucket: str, level: str) -> list[str]:
    """The folders in a folder, and the folder itself if it contains objects."""
    page = client.list_objects_v2(Bucket=bucket, Prefix=level, Delimiter="/")
    folders = [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]
    has_objects = any(entry["Key"] != level for entry in page.get("Contents", []))
    return [*folders, level or '""'] if has_objects else folders


def _dissimilarity(folder: str, prefix: str) -> float:
    return -difflib.SequenceMatcher(None, folder.lower(), prefix.lower()).ratio()
