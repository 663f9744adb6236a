"""Lists of images as lines of JSON: keys, failed images of an earlier batch, or a Ground Truth manifest. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from iu_tuner.contract.input_errors import is_unicode
from lambdas.batch.listing.csv_rows import wrong_row
from lambdas.batch.listing.entry import Entry
from lambdas.batch.shards.listed_object import ListedObject

_ADDRESS = re.compile(r"s3://([^/]+)/(.+)", re.DOTALL)
_EXPECTED = '{"key": "…"}, perhaps with versionId, eTag and size, or {"source-ref": "s3://<bucket>/<key>"}'


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
        raise wrong_row(number, line.strip(), _EXPECTED) from error
    members = values if isinstance(values, dict) else {}
    source, key, version, e_tag = (_text(members.get(name)) for name in ("source-ref", "key", "versionId", "eTag"))
    if source is not None and (address := _ADDRESS.fullmatch(source)):
        return Entry(ListedObject(address[2]), bucket=address[1])
    if source is None and key is not None:
        return Entry(ListedObject(key, e_tag, _size(members.get("size")), version))
    raise wrong_row(number, values, _EXPECTED)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value and is_unicode(value) else None


def _size(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
