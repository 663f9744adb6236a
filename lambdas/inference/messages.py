"""Reads which objects a message of the queue is about. Pure.

EventBridge events name the object in `detail`, with its key as it is. S3's own notifications have `Records`, with keys
encoded as in a form. The order of messages does not matter: S3 says what the object contains now.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote_plus

CREATED_EVENT = "Object Created"


class NoUpload(ValueError):
    """The message is about no upload that this queue is for. The text says why."""


def uploaded_keys(body: str, bucket: str) -> list[str]:
    """The keys of the objects in this bucket that the message says were created.

    Raises:
        NoUpload: there are none.
    """
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NoUpload("it is no JSON") from error
    if not isinstance(message, dict):
        raise NoUpload("it is no object")
    if message.get("Event") == "s3:TestEvent":
        raise NoUpload("it is a test event of S3")
    keys = list(dict.fromkeys(key for name, key in _objects(message) if name == bucket))
    if not keys:
        raise NoUpload(f"it names no object that was created in {bucket}")
    return keys


def _objects(message: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Bucket and key of each object that was created."""
    if message.get("detail-type") == CREATED_EVENT:
        yield from _named_objects(message.get("detail"), str)
    records = message.get("Records")
    for record in records if isinstance(records, list) else []:
        if isinstance(record, dict) and str(record.get("eventName", "")).startswith("ObjectCreated:"):
            yield from _named_objects(record.get("s3"), unquote_plus)


def _named_objects(names: Any, decode: Any) -> Iterator[tuple[str, str]]:
    try:
        bucket, key = names["bucket"]["name"], names["object"]["key"]
    except (KeyError, TypeError):
        return
    if isinstance(bucket, str) and isinstance(key, str) and key:
        yield bucket, decode(key)
