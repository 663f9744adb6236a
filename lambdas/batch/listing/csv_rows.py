"""Lists of keys as CSV: that of S3 Batch Operations (bucket, key, version) and the plain one (key, version). Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_plus

from iu_tuner.contract.batch.batch_input import ListFormat
from iu_tuner.contract.errors import InvalidInput
from iu_tuner.contract.input_errors import quoted, wrong_value
from lambdas.batch.listing.entry import Entry
from lambdas.batch.shards.listed_object import ListedObject

MAX_CELL = 4096  # characters: a key of 1,024 bytes, URL-encoded, has at most three times as many
_HEADERS: dict[tuple[str, ...], ListFormat] = {
    ("bucket", "key"): "s3",
    ("bucket", "key", "versionid"): "s3",
    ("key",): "keys",
    ("key", "versionid"): "keys",
}


def csv_entries(lines: Iterable[str], given_format: ListFormat | None) -> Iterator[Entry]:
    """The objects of a list. Its first line decides the format, if `given_format` does not.

    Raises:
        InvalidInput: the format is ambiguous, or a row does not have it; the sentence names the row.
    """
    rows = csv_rows(lines)
    first_row = next(rows, None)
    if first_row is None:
        return
    number, cells = first_row
    header = _HEADERS.get(tuple(cell.strip().lower() for cell in cells))
    row_format = given_format or header or ("keys" if len(cells) == 1 else None)
    if row_format is None or (header is not None and header != row_format):
        raise InvalidInput(_ambiguous(cells, given_format))
    if header is None:
        yield _entry(number, cells, row_format)
    for number, cells in rows:
        yield _entry(number, cells, row_format)


def csv_rows(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file with their numbers from 1, without empty ones. Raises InvalidInput if it is no CSV."""
    number, rows = 0, csv.reader(lines, strict=True)
    while True:
        number += 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except (csv.Error, UnicodeDecodeError) as error:
            raise InvalidInput(f"images.list: got a row {number} that is no CSV ({error}); takes UTF-8 text") from error
        if any(cells):
            yield number, cells


def decoded_key(text: str, number: int) -> str:
    """A key as S3 encodes it in lists: form encoding, in which `+` is a blank. Raises InvalidInput."""
    try:
        return unquote_plus(text, errors="strict")
    except UnicodeDecodeError as error:
        raise wrong_row(number, text, "a URL-encoded key in UTF-8") from error


def wrong_row(number: int, value: object, takes: str) -> InvalidInput:
    """The error about one row of the list."""
    return InvalidInput(f"images.list: got {quoted(value)} in row {number:,}; takes {takes}")


def _entry(number: int, cells: list[str], row_format: ListFormat) -> Entry:
    columns = 3 if row_format == "s3" else 2
    if not columns - 1 <= len(cells) <= columns or any(len(cell) > MAX_CELL for cell in cells):
        takes = "bucket, key and perhaps a version" if row_format == "s3" else "a key and perhaps a version"
        raise wrong_row(number, cells, takes)
    bucket = cells[0] if row_format == "s3" else None
    key = decoded_key(cells[1], number) if row_format == "s3" else cells[0]
    version = cells[columns - 1] if len(cells) == columns else ""
    if not key:
        raise wrong_row(number, cells, "a key in each row")
    return Entry(ListedObject(key, version_id=version or None), bucket)


def _ambiguous(cells: list[str], given_format: ListFormat | None) -> str:
    if given_format is not None:
        return wrong_value(
            "images.listFormat", given_format, f"the format that the list's header names: {', '.join(cells)}"
        )
    takes = (
        "a header (Bucket,Key[,VersionId] or key[,versionId]) as its first line, or images.listFormat: s3 for"
        " bucket, key, version, keys for key, version"
    )
    return f"images.list: got {quoted(cells)} as its first line, which may be either; takes {takes}"
