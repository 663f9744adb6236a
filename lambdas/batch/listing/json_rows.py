"""Lists of images as lines of JSON: keys, failed images of an earlier batch, or a Ground Truth manifest. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from lambdas.batch.listing.csv_rows import wrong_row
from lambdas.batch.listing.entry import Entry
from lambdas.batch.shards.listed_object import ListedObject

_ADDRESS = re.compile(r"s3://([^/]+)/(.+)", re.DOTALL)
_TAKES = '{"key": "…"}, perhaps with versionId, eTag and size, or {"source-ref": "s3://<bucket>/<key>"}'


def json_entries(lines: Iterable[str]) -> Iterator[Entry]:
    """The objects of a list, one for each line.

    Raises:
        InvalidInput: a line is something else; the sentence names it.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _entry(number, line)


def _entry(number: int, line: str) -> Entry:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise wrong_row(number, line.strip(), _TAKES) from error
    if isinstance(values, dict) and isinstance(values.get("source-ref"), str):
        if address := _ADDRESS.fullmatch(values["source-ref"]):
            return Entry(ListedObject(address[2]), bucket=address[1])
    elif isinstance(values, dict) and isinstance(values.get("key"), str) and values["key"]:
        version, e_tag = (_text(values.get(name)) for name in ("versionId", "eTag"))
        return Entry(ListedObject(values["key"], e_tag, _size(values.get("size")), version))
    raise wrong_row(number, values, _TAKES)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _size(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
