"""The objects under a prefix of a bucket, and the nearest folders if there are none."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

from lambdas.aws.errors import ClientError
from lambdas.images.image import Image

MAX_LISTED = 10_000
MAX_FOLDERS_TOLD = 5
MAX_LEVELS = 4  # above a prefix that are looked for folders, before the bucket's own


@dataclass(frozen=True)
class Listing:
    """The objects under `prefix` without folder markers; `was_cut` if there are more than MAX_LISTED."""

    prefix: str
    objects: tuple[Image, ...]
    was_cut: bool


def list_objects(client: Any, bucket: str, prefix: str) -> Listing:
    """Up to MAX_LISTED objects. `samples` means the folder `samples/` where that has any, not `samples-old/`."""
    if prefix and not prefix.endswith("/"):
        folder = _listed(client, bucket, f"{prefix}/")
        if folder.objects:
            return folder
    return _listed(client, bucket, prefix)


def _listed(client: Any, bucket: str, prefix: str) -> Listing:
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, PaginationConfig={"MaxItems": MAX_LISTED}
    )
    found = [entry for page in pages for entry in page.get("Contents", [])]
    objects = tuple(Image(entry["Key"], entry["Size"]) for entry in found if not entry["Key"].endswith("/"))
    return Listing(prefix, objects, was_cut=pages.resume_token is not None)


def prefixes_near(client: Any, bucket: str, prefix: str) -> list[str]:
    """Existing prefixes beside `prefix` or above it, the most similar first; empty if they can't be listed."""
    parts = prefix.rstrip("/").split("/")[:-1]
    levels = ["/".join([*parts[:depth], ""]) for depth in range(len(parts), 0, -1)]
    for level in [*levels[:MAX_LEVELS], ""]:
        try:
            folders = _places(client, bucket, level)
        except ClientError:  # the role may list other prefixes only; the run ends with its own sentence
            return []
        if folders:
            return sorted(folders, key=lambda folder: _difference(folder, prefix))[:MAX_FOLDERS_TOLD]
    return []


def _places(client: Any, bucket: str, level: str) -> list[str]:
    """The folders in a folder, and itself if objects lie in it."""
    page = client.list_objects_v2(Bucket=bucket, Prefix=level, Delimiter="/")
    folders = [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]
    has_objects = any(entry["Key"] != level for entry in page.get("Contents", []))
    return [*folders, level or '""'] if has_objects else folders


def _difference(folder: str, prefix: str) -> float:
    return -difflib.SequenceMatcher(None, folder.lower(), prefix.lower()).ratio()
